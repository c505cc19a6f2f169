import { isFlagOn } from '#shared/domain/flags/evaluate.ts'
import { loadFlagSettings } from '#shared/domain/flags/flags.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }) => {
  const flags = await loadFlagSettings(sql)
  return {
    status: 200,
    body: { data: Object.fromEntries(flags.map((flag) => [flag.key, isFlagOn(flag, principal.orgId)])) },
  }
}
