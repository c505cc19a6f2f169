import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/invitations/{invitation_id}',
  access: 'members:manage',
  caller: 'person',
  summary: 'Make the link of an invitation useless',
  params: v.strictObject({ invitation_id: Id }),
  responses: { 204: null },
  audit: 'invitation.revoked',
  handler: () => import('./handler.ts'),
})
