import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/organizations/{organization_id}/leave',
  // A suspended member may go too.
  access: 'signed-in',
  summary: 'Leave an organization; the last owner has to make someone else one, or delete it',
  params: v.strictObject({ organization_id: Id }),
  responses: { 204: null },
  audit: 'member.left',
  handler: () => import('./handler.ts'),
})
