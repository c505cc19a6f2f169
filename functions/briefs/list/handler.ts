import { listBriefs } from '#shared/domain/briefs/briefs.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = { workspaceId: principal.workspaceId, q: query.q ?? null, status: query.status ?? null }
  return { status: 200, body: pageBody(await listBriefs(sql, filter, page), page, cursors) }
}
