import { listComments } from '#shared/domain/briefs/comments.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { params, query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBody(await listComments(sql, params.brief_id, page), page, cursors) }
}
