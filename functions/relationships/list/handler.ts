import { listRelationships } from '#shared/domain/intelligence/relationships.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = {
    workspaceId: principal.workspaceId,
    status: query.status ?? null,
    subjectId: query.subject_id ?? null,
  }
  return { status: 200, body: pageBody(await listRelationships(sql, filter, page), page, cursors) }
}
