import { invitationPurpose, openInvitationToken } from '#shared/domain/tenancy/invitation-tokens.ts'
import { invalidInvitation, previewInvitation } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, enter, now, sealer }, { body }) => {
  const token = openInvitationToken(sealer(invitationPurpose), body.token, now)
  if (!token) throw invalidInvitation()
  await enter(token.orgId)
  return { status: 200, body: await previewInvitation(sql, token, now) }
}
