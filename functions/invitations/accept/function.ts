import { InvitationToken, Organization } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/invitations/accept',
  access: 'signed-in',
  summary: 'Become a member of the organization that an invitation is to',
  description:
    'The signed-in address must be the invited one. A token that was used, was revoked, has expired or was never ours is ' +
    'answered alike.',
  body: InvitationToken,
  responses: { 201: Organization },
  idempotent: true,
  audit: 'invitation.accepted',
  handler: () => import('./handler.ts'),
})
