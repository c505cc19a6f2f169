import { listDocuments } from '#shared/domain/documents/documents.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = { projectId: query.project_id ?? null, status: query.status ?? null }
  return { status: 200, body: pageBody(await listDocuments(sql, principal.workspaceId, filter, page), page, cursors) }
}
