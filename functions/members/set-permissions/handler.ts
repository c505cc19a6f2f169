import { lockMember, setMemberPermissions } from '#shared/domain/tenancy/members.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }, { params }) =>
  lockMember(sql, principal.orgId, params.user_id)

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const by = { orgId: principal.orgId, actorId: principal.userId, userId: params.user_id }
  const member = await setMemberPermissions(sql, by, body.permissions)
  audit('member.permissions_set', { targetId: member.id, details: { permissions: member.permissions } })
  return { status: 200, body: member }
}
