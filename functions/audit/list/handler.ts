import { listAuditLogs } from '#shared/domain/audit/audit-logs.ts'
import { readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const rows = await listAuditLogs(sql, query, page)
  const data = rows.slice(0, page.size)
  const last = rows.length > page.size ? data.at(-1) : undefined
  const next_cursor = last ? cursors.sign(String(last.sequence)) : null
  return { status: 200, body: { data, meta: { next_cursor, has_more: last !== undefined } } }
}
