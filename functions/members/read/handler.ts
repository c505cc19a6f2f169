import { readMember } from '#shared/domain/tenancy/members.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { params }) => ({
  status: 200,
  body: await readMember(sql, principal.orgId, params.user_id),
})
