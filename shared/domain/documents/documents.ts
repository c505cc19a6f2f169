import { type Fragment, limitOf } from '../billing/entitlements/limit.ts'
import { meterUse, useRefused } from '../billing/entitlements/meters.ts'
import { planExceeded } from '../billing/entitlements/refuse.ts'
import { indicatorsKept } from '../billing/entitlements/require.ts'
import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { rederive, removeFindings } from '../intelligence/record.ts'
import { finishJob, startJob } from '../jobs/jobs.ts'
import { endOfIds, type Page } from '../paging.ts'
import { storableText } from '../plain-text.ts'
import type { Sql } from '../sql.ts'
import type { Tlp } from '../tlp.ts'
import type { Document, DocumentStatus } from './schemas.ts'

const columns = [
  'id',
  'workspace_id',
  'project_id',
  'file_name',
  'content_type',
  'size_bytes',
  'sha256',
  'format',
  'title',
  'page_count',
  'character_count',
  'tlp',
  'status',
  'duplicate_of',
  'job_id',
  'error',
  'counts',
  'created_by',
  'created_at',
  'updated_at',
]

/** The steps of the pipeline, in order: how far a job has come is how many of them are done. */
export const pipelineSteps = ['validate', 'scan', 'extract text', 'extract intelligence', 'index', 'notify'] as const

export interface DocumentDraft {
  id: string
  /** Where its file is to be put in the uploads bucket. */
  objectKey: string
  orgId: string
  workspaceId: string
  createdBy: string | null
  fileName: string
  contentType: string
  sizeBytes: number
  projectId: string | null
  tlp: Tlp | null
  at: Date
  /** Whose limits hold for organizations that pay nothing. */
  defaultPlanId: string
}

/**
 * Announces a document whose file is yet to be uploaded, and counts it.
 * @throws AppError NOT_FOUND for the project, BUDGET_EXCEEDED when the plan has no room for it or for more indicators
 */
export async function createDocument(sql: Sql, draft: DocumentDraft): Promise<Document> {
  if (draft.projectId !== null) {
    const project = await sql`select 1 from projects where id = ${draft.projectId}`
    if (project.length === 0) throw notFound('Project')
  }
  const [document] = await sql<Document[]>`
    with metered as (${meterUse(sql, { ...draft, feature: 'documents', amount: 1 }, roomForIndicators(sql, draft))})
    insert into documents (id, org_id, workspace_id, project_id, file_name, content_type, declared_size_bytes, tlp,
      tlp_declared, status, object_key, created_by)
    select ${draft.id}, ${draft.orgId}, ${draft.workspaceId}, ${draft.projectId}::uuid, ${draft.fileName},
      ${draft.contentType}, ${draft.sizeBytes}, ${draft.tlp ?? 'AMBER'}, ${draft.tlp !== null}, 'awaiting_upload',
      ${draft.objectKey}, ${draft.createdBy}::uuid
    from metered
    returning ${sql(columns)}`
  if (!document) throw await refusalOf(sql, draft)
  return document
}

/** What a document says can't be kept when there is no room for any indicator. */
function roomForIndicators(sql: Sql, draft: DocumentDraft): Fragment {
  return sql`${indicatorsKept(sql, draft.orgId)} < ${limitOf(sql, draft, 'indicators')}`
}

async function refusalOf(sql: Sql, draft: DocumentDraft): Promise<AppError> {
  const [indicators] = await sql<{ kept: number; full: boolean }[]>`
    select kept, kept >= ${limitOf(sql, draft, 'indicators')} as full
    from (select ${indicatorsKept(sql, draft.orgId)} as kept) i`
  if (indicators?.full) return planExceeded(sql, { ...draft, feature: 'indicators' }, indicators.kept)
  return useRefused(sql, { ...draft, feature: 'documents' })
}

/** @throws AppError NOT_FOUND */
export async function readDocument(sql: Sql, id: string): Promise<Document> {
  const [document] = await sql<Document[]>`select ${sql(columns)} from documents where id = ${id}`
  if (!document) throw notFound('Document')
  return document
}

export interface DocumentFilter {
  projectId: string | null
  status: DocumentStatus | null
}

/** The documents of a workspace, newest first. */
export function listDocuments(
  sql: Sql,
  workspaceId: string | null,
  filter: DocumentFilter,
  page: Page,
): Promise<Document[]> {
  return sql<Document[]>`
    select ${sql(columns)} from documents
    where workspace_id = ${workspaceId} and id < ${page.before ?? endOfIds}
      ${filter.projectId === null ? sql`` : sql`and project_id = ${filter.projectId}`}
      ${filter.status === null ? sql`` : sql`and status = ${filter.status}`}
    order by id desc
    limit ${page.size + 1}`
}

/** Where the file of a document is, for a caller who may see the document. @throws AppError NOT_FOUND */
export async function readUpload(sql: Sql, id: string): Promise<{ status: DocumentStatus; object_key: string }> {
  const [row] = await sql<{ status: DocumentStatus; object_key: string }[]>`
    select status, object_key from documents where id = ${id}`
  if (!row) throw notFound('Document')
  return row
}

/**
 * Starts the pipeline for a document whose file has arrived.
 * @param from statuses from which it may start
 * @throws AppError NOT_FOUND, or CONFLICT when the document is in none of them
 */
export async function startProcessing(
  sql: Sql,
  start: { documentId: string; orgId: string; startedBy: string | null; from: readonly DocumentStatus[] },
): Promise<Document> {
  const [found] = await sql<{ workspace_id: string; status: DocumentStatus }[]>`
    select workspace_id, status from documents where id = ${start.documentId} for no key update`
  if (!found) throw notFound('Document')
  if (!start.from.includes(found.status)) {
    throw new AppError('CONFLICT', `The document is ${found.status.replaceAll('_', ' ')}`)
  }
  const jobId = newId()
  await startJob(sql, {
    id: jobId,
    orgId: start.orgId,
    workspaceId: found.workspace_id,
    kind: 'document.process',
    total: pipelineSteps.length,
    message: 'Waiting to be validated',
    subjectId: start.documentId,
    createdBy: start.startedBy,
  })
  const [document] = await sql<Document[]>`
    update documents set status = 'processing', job_id = ${jobId}, error = null, updated_at = now()
    where id = ${start.documentId}
    returning ${sql(columns)}`
  return document!
}

/** A document on its way through the pipeline. */
export interface ProcessingDocument {
  id: string
  org_id: string
  workspace_id: string
  file_name: string
  content_type: string
  tlp: Tlp
  tlp_declared: boolean
  declared_size_bytes: number
  object_key: string
  created_at: string
}

/**
 * The document of a pipeline step, or null when the step has nothing to do any more: deleted, or taken over by a
 * newer job. Inside a step's transaction, lock it.
 */
export async function openStep(
  sql: Sql,
  step: { document_id: string; job_id: string },
  lock: 'read' | 'lock',
): Promise<ProcessingDocument | null> {
  const [document] = await sql<ProcessingDocument[]>`
    select id, org_id, workspace_id, file_name, content_type, tlp, tlp_declared, declared_size_bytes, object_key,
      created_at
    from documents
    where id = ${step.document_id} and job_id = ${step.job_id} and status = 'processing'
    ${lock === 'lock' ? sql`for no key update` : sql``}`
  return document ?? null
}

/** Notes what validation found. */
export async function recordContent(
  sql: Sql,
  id: string,
  content: { sizeBytes: number; sha256: string; format: string },
): Promise<void> {
  await sql`
    update documents
    set size_bytes = ${content.sizeBytes}, sha256 = ${content.sha256}, format = ${content.format}, updated_at = now()
    where id = ${id}`
}

/** Notes what reading the text found. */
export async function recordText(
  sql: Sql,
  id: string,
  text: { title: string | null; pageCount: number; characterCount: number; tlp: Tlp },
): Promise<void> {
  await sql`
    update documents
    set title = ${text.title && storableText(text.title)}, page_count = ${text.pageCount === 0 ? null : text.pageCount},
      character_count = ${text.characterCount}, tlp = ${text.tlp}, updated_at = now()
    where id = ${id}`
}

/** Ends the processing of a document well. */
export async function recordReady(sql: Sql, id: string, counts: Readonly<Record<string, number>>): Promise<void> {
  await sql`update documents set status = 'ready', counts = ${sql.json(counts)}, updated_at = now() where id = ${id}`
}

/**
 * Finds the document that stands for this content in a workspace, and keeps others from becoming it until this
 * transaction ends.
 */
export async function findTwin(
  sql: Sql,
  content: { workspaceId: string; sha256: string; exceptId: string },
): Promise<string | null> {
  await lockContent(sql, content.workspaceId, content.sha256)
  const [twin] = await sql<{ id: string }[]>`
    select id from documents
    where workspace_id = ${content.workspaceId} and sha256 = ${content.sha256} and id <> ${content.exceptId}`
  return twin?.id ?? null
}

/** Who stands for a content is decided by one transaction at a time. */
async function lockContent(sql: Sql, workspaceId: string, sha256: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${workspaceId} ${sha256}`}, 0))`
}

/**
 * Ends the processing of a document whose content another one has already. What this one said itself, when it once was
 * processed, goes; a stricter level that its sender declared is taken over by the other one.
 */
export async function markDuplicate(
  sql: Sql,
  step: { document_id: string; job_id: string },
  document: ProcessingDocument,
  content: { twinId: string; sizeBytes: number; format: string },
): Promise<void> {
  await sql`
    update documents
    set status = 'duplicate', duplicate_of = ${content.twinId}, size_bytes = ${content.sizeBytes},
      format = ${content.format}, counts = '{}', updated_at = now()
    where id = ${document.id}`
  await forgetContent(sql, document)
  if (document.tlp_declared) {
    const raised = await sql`
      update documents set tlp = ${document.tlp}, tlp_declared = true, updated_at = now()
      where id = ${content.twinId} and tlp_rank(tlp) < tlp_rank(${document.tlp})
      returning 1`
    if (raised.length > 0) await rederive(sql, content.twinId, document.org_id)
  }
  await finishJob(sql, step.job_id, {
    status: 'succeeded',
    message: 'This file is known already',
    result: { document_id: document.id, duplicate_of: content.twinId },
  })
}

/** Removes text and evidence of a document that does not stand for its content. */
async function forgetContent(sql: Sql, document: { id: string; org_id: string }): Promise<void> {
  await sql`delete from document_passages where document_id = ${document.id}`
  await removeFindings(sql, document.id, document.org_id)
}

/**
 * Ends the processing of a document that can't be processed: `rejected` for its own fault, `failed` for ours. It no
 * longer stands for its content: a corrected product may take the same file again, and the duplicates that relied on it
 * are processed themselves.
 * @returns the duplicates that are to be processed now, each with its new job; null when its processing had ended before
 */
export async function endBadly(
  sql: Sql,
  step: { document_id: string; job_id: string },
  status: 'rejected' | 'failed',
  error: { code: string; message: string },
  jobStatus: 'failed' | 'cancelled' = 'failed',
): Promise<{ document_id: string; job_id: string }[] | null> {
  const [content] = await sql<{ workspace_id: string; sha256: string | null }[]>`
    select workspace_id, sha256 from documents where id = ${step.document_id}`
  if (content?.sha256) await lockContent(sql, content.workspace_id, content.sha256)
  const [document] = await sql<{ id: string; org_id: string }[]>`
    update documents set status = ${status}, error = ${sql.json(error)}, sha256 = null, counts = '{}', updated_at = now()
    where id = ${step.document_id} and job_id = ${step.job_id} and status = 'processing'
    returning id, org_id`
  await finishJob(sql, step.job_id, { status: jobStatus, message: error.message, error })
  if (!document) return null
  await forgetContent(sql, document)
  const orphans = await sql<{ id: string; created_by: string | null }[]>`
    update documents set status = 'awaiting_upload', duplicate_of = null where duplicate_of = ${document.id}
    returning id, created_by`
  const restarted: { document_id: string; job_id: string }[] = []
  for (const orphan of orphans) {
    const { id, job_id } = await startProcessing(sql, {
      documentId: orphan.id,
      orgId: document.org_id,
      startedBy: orphan.created_by,
      from: ['awaiting_upload'],
    })
    restarted.push({ document_id: id, job_id: job_id ?? '' })
  }
  return restarted
}
