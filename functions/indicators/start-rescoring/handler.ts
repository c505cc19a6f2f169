import { listOrganizationsToRescore, rescoreIndicators } from '#shared/domain/intelligence/decay.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async ({ sql, enter, enqueue }) => {
  for (const { id } of await listOrganizationsToRescore(sql)) {
    await enter(id)
    await enqueue(rescoreIndicators, { after: null })
  }
}
