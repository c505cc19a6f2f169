import { listRules } from '#shared/domain/detection/stored-rules.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = {
    workspaceId: principal.workspaceId,
    kind: query.kind ?? null,
    status: query.status ?? null,
    technique: query.technique ?? null,
  }
  return { status: 200, body: pageBody(await listRules(sql, filter, page), page, cursors) }
}
