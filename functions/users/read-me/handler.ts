import { readProfile } from '#shared/domain/tenancy/users.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }) => ({
  status: 200,
  body: await readProfile(sql, principal.userId),
})
