import { newId } from '#shared/domain/ids.ts'
import { invitationPurpose, newInvitationToken } from '#shared/domain/tenancy/invitation-tokens.ts'
import { createInvitation } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const dayMilliseconds = 86_400_000

export const run: RunRoute<typeof route> = async ({ sql, principal, now, config, sealer, audit }, { body }) => {
  const { orgId, userId, workspaceId } = principal
  const id = newId()
  const expiresAt = new Date(now.getTime() + body.expires_in_days * dayMilliseconds)
  const { token, sha256 } = newInvitationToken(sealer(invitationPurpose), { orgId, id }, expiresAt)
  const draft = {
    id,
    orgId,
    email: body.email,
    role: body.role,
    workspaceIds: body.workspace_ids ?? (workspaceId === null ? [] : [workspaceId]),
    tokenSha256: sha256,
    expiresAt,
    createdBy: userId,
  }
  const invitation = await createInvitation(sql, draft, { now, defaultPlanId: config.DEFAULT_PLAN })
  audit('invitation.created', { targetId: id, details: { role: invitation.role } })
  return { status: 201, body: { invitation, token, url: `${config.PUBLIC_URL}/invitation#token=${token}` } }
}
