import { listAuditLogs } from '#shared/domain/audit/audit-logs.ts'
import { pageBodyBy, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const rows = await listAuditLogs(sql, query, page)
  return { status: 200, body: pageBodyBy(rows, page, cursors, ({ sequence }) => String(sequence)) }
}
