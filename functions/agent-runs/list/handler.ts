import { listRuns } from '#shared/domain/agents/runs.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const { playbook = null, status = null } = query
  const rows = await listRuns(sql, { workspaceId: principal.workspaceId, playbook, status }, page)
  return { status: 200, body: pageBody(rows, page, cursors) }
}
