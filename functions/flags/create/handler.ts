import { createFlag } from '#shared/domain/flags/flags.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, requestId }, { body }) => ({
  status: 201,
  body: await createFlag(sql, body, { userId: principal.userId, requestId }),
})
