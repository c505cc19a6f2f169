import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/briefs/{brief_id}/comments/{comment_id}',
  access: 'intelligence:write',
  summary: 'Delete a comment on a brief',
  params: v.strictObject({ brief_id: Id, comment_id: Id }),
  audit: 'brief_comment.deleted',
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
