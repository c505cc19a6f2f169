import * as v from 'valibot'
import { BriefComment, BriefCommentDraft } from '#shared/domain/briefs/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/briefs/{brief_id}/comments',
  access: 'intelligence:write',
  summary: 'Comment on a brief',
  params: v.strictObject({ brief_id: Id }),
  body: BriefCommentDraft,
  idempotent: true,
  audit: 'brief_comment.added',
  responses: { 201: BriefComment },
  handler: () => import('./handler.ts'),
})
