import { discardDeadLetter } from '#shared/domain/dead-letters/dead-letters.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { params }) => {
  await discardDeadLetter(sql, params.dead_letter_id, principal.userId)
  return { status: 204, body: null }
}
