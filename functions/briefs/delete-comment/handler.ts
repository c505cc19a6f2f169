import { deleteComment } from '#shared/domain/briefs/comments.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params }) => {
  await deleteComment(sql, params.brief_id, params.comment_id)
  audit('brief_comment.deleted', { targetId: params.comment_id, details: { brief_id: params.brief_id } })
  return { status: 204, body: null }
}
