import { revokeInvitation } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { params }) => {
  await revokeInvitation(sql, { orgId: principal.orgId, actorId: principal.userId, id: params.invitation_id })
  return { status: 204, body: null }
}
