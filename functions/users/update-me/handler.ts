import { readProfile, updateProfile } from '#shared/domain/tenancy/users.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }) => readProfile(sql, principal.userId, true)

export const run: RunRoute<typeof route> = async ({ sql, principal }, { body }) => ({
  status: 200,
  body: await updateProfile(sql, principal.userId, body),
})
