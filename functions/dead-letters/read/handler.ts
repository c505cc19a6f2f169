import { readDeadLetter } from '#shared/domain/dead-letters/dead-letters.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readDeadLetter(sql, params.dead_letter_id),
})
