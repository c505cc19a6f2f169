import { listIndicators } from '#shared/domain/intelligence/read.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = {
    type: query.type ?? null,
    suppressed: query.suppressed === undefined ? null : query.suppressed === 'true',
    documentId: query.document_id ?? null,
    prefix: query.prefix ?? null,
    minimumScore: query.minimum_score ?? null,
  }
  return { status: 200, body: pageBody(await listIndicators(sql, filter, page), page, cursors) }
}
