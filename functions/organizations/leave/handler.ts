import { assertBelongs, leaveOrganization } from '#shared/domain/tenancy/members.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enter, audit }, { params }) => {
  const { organization_id: orgId } = params
  await assertBelongs(sql, orgId, principal.userId)
  await enter(orgId)
  await leaveOrganization(sql, orgId, principal.userId)
  audit('member.left', { targetId: principal.userId })
  return { status: 204, body: null }
}
