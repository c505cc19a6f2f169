import { pageBody, readPage } from '#shared/domain/paging.ts'
import { listProjects } from '#shared/domain/projects/projects.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBody(await listProjects(sql, principal.workspaceId, page), page, cursors) }
}
