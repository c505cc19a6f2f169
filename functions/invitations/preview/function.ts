import { InvitationPreview, InvitationToken } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/invitations/preview',
  access: 'public',
  summary: 'See what an invitation is to, before signing up or in',
  body: InvitationToken,
  responses: { 200: InvitationPreview },
  handler: () => import('./handler.ts'),
})
