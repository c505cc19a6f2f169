import { lockMember, updateMember } from '#shared/domain/tenancy/members.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }, { params }) =>
  lockMember(sql, principal.orgId, params.user_id)

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const by = { orgId: principal.orgId, actorId: principal.userId, userId: params.user_id }
  const { before, member } = await updateMember(sql, by, body)
  audit('member.updated', {
    targetId: member.id,
    details: {
      from: { role: before.role, disabled: before.disabled },
      to: { role: member.role, disabled: member.disabled },
    },
  })
  return { status: 200, body: member }
}
