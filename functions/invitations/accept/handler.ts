import { invitationPurpose, openInvitationToken } from '#shared/domain/tenancy/invitation-tokens.ts'
import { acceptInvitation, invalidInvitation } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enter, now, config, sealer, audit }, { body }) => {
  const token = openInvitationToken(sealer(invitationPurpose), body.token, now)
  if (!token) throw invalidInvitation()
  await enter(token.orgId)
  const organization = await acceptInvitation(sql, token, principal, { now, defaultPlanId: config.DEFAULT_PLAN })
  audit('invitation.accepted', {
    targetId: token.invitationId,
    details: { user_id: principal.userId, role: organization.role },
  })
  return { status: 201, body: organization }
}
