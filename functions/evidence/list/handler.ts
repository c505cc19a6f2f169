import { listEvidence } from '#shared/domain/intelligence/read.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const filter = {
    documentId: query.document_id ?? null,
    indicatorId: query.indicator_id ?? null,
    entityId: query.entity_id ?? null,
  }
  return { status: 200, body: pageBody(await listEvidence(sql, filter, page), page, cursors) }
}
