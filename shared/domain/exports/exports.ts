import { notFound } from '../errors.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { newId } from '../ids.ts'
import type { EntityKind } from '../intelligence/findings.ts'
import { finishJob, startJob } from '../jobs/jobs.ts'
import type { Sql } from '../sql.ts'
import { type Tlp, tlpUpTo } from '../tlp.ts'
import type { Export, ExportFilter } from './schemas.ts'

type ExportRow = Omit<Export, 'download_url'> & { object_key: string }

const columns = ['id', 'format', 'filter', 'status', 'size_bytes', 'job_id', 'created_at', 'object_key']

/** @throws AppError NOT_FOUND when the filter names a document that the caller can't see */
export async function createExport(
  sql: Sql,
  draft: { orgId: string; workspaceId: string; createdBy: string | null; format: 'stix' | 'csv'; filter: ExportFilter },
): Promise<ExportRow> {
  if (draft.filter.document_id !== null) {
    const document = await sql`select 1 from documents where id = ${draft.filter.document_id}`
    if (document.length === 0) throw notFound('Document')
  }
  const [id, jobId] = [newId(), newId()]
  await startJob(sql, {
    id: jobId,
    orgId: draft.orgId,
    workspaceId: draft.workspaceId,
    kind: 'export.build',
    total: 1,
    message: 'Waiting to be built',
    subjectId: id,
    createdBy: draft.createdBy,
  })
  const [row] = await sql<ExportRow[]>`
    insert into exports (id, org_id, workspace_id, format, filter, status, object_key, job_id, created_by)
    values (${id}, ${draft.orgId}, ${draft.workspaceId}, ${draft.format}, ${sql.json(draft.filter)}, 'processing',
      ${`${draft.orgId}/${id}.${draft.format === 'stix' ? 'json' : 'csv'}`}, ${jobId}, ${draft.createdBy})
    returning ${sql(columns)}`
  return row!
}

/** @throws AppError NOT_FOUND */
export async function readExport(sql: Sql, id: string): Promise<ExportRow> {
  const [row] = await sql<ExportRow[]>`select ${sql(columns)} from exports where id = ${id}`
  if (!row) throw notFound('Export')
  return row
}

/** An export that is yet to be built, or null when there is nothing to do any more. */
export async function openExport(sql: Sql, id: string): Promise<OpenExport | null> {
  const [row] = await sql<OpenExport[]>`
    select e.id, e.format, e.filter, e.object_key, e.workspace_id,
      jsonb_build_object('id', o.id, 'name', o.name, 'created_at', o.created_at, 'updated_at', o.updated_at) as organization
    from exports e join organizations o on o.id = e.org_id
    where e.id = ${id} and e.status = 'processing' and o.deleting_at is null`
  return row ?? null
}

export interface OpenExport {
  id: string
  format: 'stix' | 'csv'
  filter: ExportFilter
  object_key: string
  workspace_id: string
  organization: { id: string; name: string; created_at: string; updated_at: string }
}

/** Does nothing to an export that has ended, for instance because it was cancelled. */
export async function finishExport(sql: Sql, id: string, jobId: string, sizeBytes: number): Promise<void> {
  const { count } = await sql`
    update exports set status = 'ready', size_bytes = ${sizeBytes}, updated_at = now()
    where id = ${id} and status = 'processing'`
  if (count === 0) return
  await finishJob(sql, jobId, {
    status: 'succeeded',
    message: 'The export is ready',
    result: { export_id: id, size_bytes: sizeBytes },
  })
}

/** @returns false when it had ended before, and nothing was changed */
export async function failExport(
  sql: Sql,
  id: string,
  jobId: string,
  error: { code: string; message: string },
  jobStatus: 'failed' | 'cancelled' = 'failed',
): Promise<boolean> {
  const { count } = await sql`
    update exports set status = 'failed', updated_at = now()
    where id = ${id} and job_id = ${jobId} and status = 'processing'`
  if (count === 0) return false
  await finishJob(sql, jobId, { status: jobStatus, message: error.message, error })
  return true
}

export interface ExportedDocument {
  id: string
  title: string | null
  file_name: string
  tlp: Tlp
  sha256: string | null
  created_at: string
  updated_at: string
}

export interface ExportedIndicator {
  id: string
  type: IndicatorType
  value: string
  tlp: Tlp
  confidence: number
  suppressed_reason: string | null
  first_seen: string
  last_seen: string
  valid_until: string
  created_at: string
  updated_at: string
  document_ids: string[]
}

export interface ExportedEntity {
  id: string
  kind: EntityKind
  external_id: string
  name: string
  tlp: Tlp
  created_at: string
  updated_at: string
  document_ids: string[]
}

/** Rows read at a time: enough to be fast, few enough to keep memory flat. */
const batchSize = 1000

/** Reads rows in order of their id, batch by batch. */
async function* inBatches<Row extends { id: string }>(read: (after: string) => Promise<Row[]>): AsyncIterable<Row> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await read(after)
    yield* rows
    if (rows.length < batchSize) return
    after = rows.at(-1)!.id
  }
}

/** Runs a short transaction; each batch has its own, so that a long export holds none. */
export type Read = <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>

/** Which rows an export is made of, and how they are read. */
export interface ExportRows {
  read: Read
  workspaceId: string
  filter: ExportFilter
}

export function exportedDocuments({ read, workspaceId, filter }: ExportRows): AsyncIterable<ExportedDocument> {
  return inBatches((after) =>
    read(
      (sql) => sql<ExportedDocument[]>`
        select id, title, file_name, tlp, sha256, created_at, updated_at from documents
        where id > ${after} and workspace_id = ${workspaceId} and status = 'ready' and tlp in ${sql(tlpUpTo(filter.maximum_tlp))}
          ${filter.document_id === null ? sql`` : sql`and id = ${filter.document_id}`}
        order by id limit ${batchSize}`,
    ),
  )
}

export function exportedIndicators({ read, workspaceId, filter }: ExportRows): AsyncIterable<ExportedIndicator> {
  return inBatches((after) =>
    read(
      (sql) => sql<ExportedIndicator[]>`
        select i.id, i.type, i.value, i.tlp, i.confidence, i.suppressed_reason, i.first_seen, i.last_seen, i.valid_until,
          i.created_at, i.updated_at, s.document_ids
        from indicators i cross join lateral (${sourcesOf(sql, sql`e.indicator_id = i.id`, workspaceId, filter)}) s
        where i.id > ${after} and s.document_ids is not null and i.tlp in ${sql(tlpUpTo(filter.maximum_tlp))}
          ${filter.include_suppressed ? sql`` : sql`and i.suppressed_list is null`}
        order by i.id limit ${batchSize}`,
    ),
  )
}

export function exportedEntities({ read, workspaceId, filter }: ExportRows): AsyncIterable<ExportedEntity> {
  return inBatches((after) =>
    read(
      (sql) => sql<ExportedEntity[]>`
        select t.id, t.kind, t.external_id, t.name, t.tlp, t.created_at, t.updated_at, s.document_ids
        from entities t cross join lateral (${sourcesOf(sql, sql`e.entity_id = t.id`, workspaceId, filter)}) s
        where t.id > ${after} and s.document_ids is not null and t.tlp in ${sql(tlpUpTo(filter.maximum_tlp))}
        order by t.id limit ${batchSize}`,
    ),
  )
}

/** The documents that a subject comes from and that may be told of, as a JSON array; null when there is none. */
function sourcesOf(sql: Sql, subject: ReturnType<Sql>, workspaceId: string, filter: ExportFilter) {
  return sql`
    select jsonb_agg(distinct d.id) as document_ids
    from evidence e join documents d on d.id = e.document_id
    where ${subject} and d.workspace_id = ${workspaceId} and d.tlp in ${sql(tlpUpTo(filter.maximum_tlp))}
      ${filter.document_id === null ? sql`` : sql`and d.id = ${filter.document_id}`}`
}
