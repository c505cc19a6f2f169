import * as v from 'valibot'
import { Id } from '../ids.ts'
import { type Cursors, pageBody, pageQuery, readPage } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { EntityKind } from './findings.ts'
import { listEntities } from './read.ts'

/** Query of the lists of techniques, actors, software and vulnerabilities. */
export const EntityQuery = v.strictObject({ ...pageQuery, document_id: v.optional(Id) })

/** Answers one of those lists. */
export async function entityList(
  sql: Sql,
  cursors: Cursors,
  kind: EntityKind,
  query: v.InferOutput<typeof EntityQuery>,
) {
  const page = readPage(query, cursors)
  const rows = await listEntities(sql, { kind, documentId: query.document_id ?? null }, page)
  return pageBody(rows, page, cursors)
}
