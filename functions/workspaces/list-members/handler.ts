import { pageBody, readPage } from '#shared/domain/paging.ts'
import { listWorkspaceMembers } from '#shared/domain/tenancy/workspaces.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { params, query }) => {
  const page = readPage(query, cursors)
  const members = await listWorkspaceMembers(sql, params.workspace_id, page)
  return { status: 200, body: pageBody(members, page, cursors) }
}
