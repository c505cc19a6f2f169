import { removeMember } from '#shared/domain/tenancy/members.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params }) => {
  const by = { orgId: principal.orgId, actorId: principal.userId, userId: params.user_id }
  const member = await removeMember(sql, by)
  audit('member.removed', { targetId: member.id, details: { role: member.role } })
  return { status: 204, body: null }
}
