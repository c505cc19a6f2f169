import { listDifferences } from '#shared/domain/billing/ledger/differences.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBody(await listDifferences(sql, query, page), page, cursors) }
}
