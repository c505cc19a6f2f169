import { addComment } from '#shared/domain/briefs/comments.ts'
import { newId } from '#shared/domain/ids.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const comment = await addComment(sql, {
    id: newId(),
    briefId: params.brief_id,
    body: body.body,
    createdBy: principal.userId,
  })
  audit('brief_comment.added', { targetId: comment.id, details: { brief_id: comment.brief_id } })
  return { status: 201, body: comment }
}
