import { notFound } from '../errors.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { EntityKind } from './findings.ts'
import type { Entity, Evidence, Indicator } from './schemas.ts'

const indicatorColumns = [
  'id',
  'type',
  'value',
  'tlp',
  'confidence',
  'score',
  'suppressed_reason',
  'suppressed_list',
  'first_seen',
  'last_seen',
  'valid_until',
  'created_at',
  'updated_at',
]

export interface IndicatorFilter {
  type: IndicatorType | null
  /** true: only those held back; false: only the others; null: both. */
  suppressed: boolean | null
  documentId: string | null
  /** Only values that begin so. */
  prefix: string | null
  /** Only those that are at least so sure today. */
  minimumScore: number | null
}

/** The indicators for which the caller may see evidence, newest first. */
export function listIndicators(sql: Sql, filter: IndicatorFilter, page: Page): Promise<Indicator[]> {
  return sql<Indicator[]>`
    select ${sql(indicatorColumns)} from indicators i
    where i.id < ${page.before ?? endOfIds}
      ${filter.type === null ? sql`` : sql`and i.type = ${filter.type}`}
      ${filter.suppressed === null ? sql`` : sql`and (i.suppressed_list is not null) = ${filter.suppressed}`}
      ${filter.prefix === null ? sql`` : sql`and left(i.value, 200) like ${`${escapeLike(filter.prefix)}%`}`}
      ${filter.minimumScore === null ? sql`` : sql`and i.score >= ${filter.minimumScore}`}
      and exists (select from evidence e where e.indicator_id = i.id
        ${filter.documentId === null ? sql`` : sql`and e.document_id = ${filter.documentId}`})
    order by i.id desc
    limit ${page.size + 1}`
}

function escapeLike(text: string): string {
  return text.slice(0, 200).replace(/[\\%_]/g, '\\$&')
}

/** @throws AppError NOT_FOUND, also when the caller may see no evidence for it */
export async function readIndicator(sql: Sql, id: string): Promise<Indicator> {
  const [indicator] = await sql<Indicator[]>`
    select ${sql(indicatorColumns)} from indicators i
    where id = ${id} and exists (select from evidence e where e.indicator_id = i.id)`
  if (!indicator) throw notFound('Indicator')
  return indicator
}

/** The techniques, actors, software or vulnerabilities that the caller's documents name, newest first. */
export function listEntities(
  sql: Sql,
  filter: { kind: EntityKind; documentId: string | null },
  page: Page,
): Promise<Entity[]> {
  return sql<Entity[]>`
    select t.id, t.kind, t.external_id, t.name, t.tlp, t.first_seen, t.last_seen, (
      select count(distinct e.document_id) from evidence e where e.entity_id = t.id) as documents
    from entities t
    where t.id < ${page.before ?? endOfIds} and t.kind = ${filter.kind}
      and exists (select from evidence e where e.entity_id = t.id
        ${filter.documentId === null ? sql`` : sql`and e.document_id = ${filter.documentId}`})
    order by t.id desc
    limit ${page.size + 1}`
}

export interface EvidenceFilter {
  documentId: string | null
  indicatorId: string | null
  entityId: string | null
}

/** Where the caller's documents say what is known, newest first. */
export function listEvidence(sql: Sql, filter: EvidenceFilter, page: Page): Promise<Evidence[]> {
  return sql<Evidence[]>`
    select e.id, e.document_id, coalesce(d.title, d.file_name) as document_title, e.indicator_id, e.entity_id, e.page,
      e.start_offset as start, e.end_offset as "end", e.quote, e.sentence, e.how, e.defanged, e.suppressed_reason, d.tlp,
      e.confidence
    from evidence e join documents d on d.id = e.document_id
    where e.id < ${page.before ?? endOfIds}
      ${filter.documentId === null ? sql`` : sql`and e.document_id = ${filter.documentId}`}
      ${filter.indicatorId === null ? sql`` : sql`and e.indicator_id = ${filter.indicatorId}`}
      ${filter.entityId === null ? sql`` : sql`and e.entity_id = ${filter.entityId}`}
    order by e.id desc
    limit ${page.size + 1}`
}
