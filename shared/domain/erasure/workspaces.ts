import { notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { removeFindings, removeWorkspaceFindings } from '../intelligence/record.ts'
import { finishJob, progressJob, startJob } from '../jobs/jobs.ts'
import type { Job } from '../jobs/schemas.ts'
import type { Sql } from '../sql.ts'
import { listNamedObjects, type NamedObject } from './objects.ts'
import { countRows, type Erased, eraseRows, type Selection } from './rows.ts'

const jobKind = 'workspace.erase'

/** Rows of one transaction: a fraction of a second. */
const batchRows = 5000

/**
 * Closes a workspace: from this commit on nobody enters it and keys made for it alone are revoked. The caller enqueues
 * `eraseWorkspace` with the ids of the workspace and the job, in the same transaction.
 * @throws AppError NOT_FOUND, also when it is closed already
 */
export async function startWorkspaceErasure(
  sql: Sql,
  request: { orgId: string; workspaceId: string; startedBy: string | null },
): Promise<Job> {
  const { orgId, workspaceId, startedBy } = request
  // Waits for every transaction that has written into it, and the next ones see that it is closed. Its name is free.
  await sql`select 1 from workspaces where id = ${workspaceId} for update`
  const { count } = await sql`
    update workspaces set deleting_at = now(), name = ${`deleted ${workspaceId}`}, updated_at = now()
    where id = ${workspaceId} and deleting_at is null`
  if (count === 0) throw notFound('Workspace')
  await sql`update api_keys set revoked_at = now() where workspace_id = ${workspaceId} and revoked_at is null`
  return startJob(sql, {
    id: newId(),
    orgId,
    workspaceId: null,
    kind: jobKind,
    total: 0,
    message: 'The workspace is closed; waiting to remove everything of it',
    subjectId: workspaceId,
    createdBy: startedBy,
  })
}

/** A workspace that is being erased. */
export interface WorkspaceErasure {
  orgId: string
  workspaceId: string
  jobId: string
  status: Job['status']
  done: number
  total: number
}

/**
 * The erasure that a task works for, or null when there is none or it is done. Inside the task's transaction, lock it:
 * then nobody writes into the workspace meanwhile.
 */
export async function openWorkspaceErasure(
  sql: Sql,
  ids: { workspace_id: string; job_id: string },
  lock: 'read' | 'lock',
): Promise<WorkspaceErasure | null> {
  const [erasure] = await sql<WorkspaceErasure[]>`
    select w.org_id as "orgId", w.id as "workspaceId", j.id as "jobId", j.status, j.done, j.total
    from workspaces w join jobs j on j.org_id = w.org_id and j.subject_id = w.id
    where w.id = ${ids.workspace_id} and w.deleting_at is not null and j.id = ${ids.job_id} and j.kind = ${jobKind}
    ${lock === 'lock' ? sql`for update` : sql``}`
  return erasure ?? null
}

function everythingOf({ orgId, workspaceId }: WorkspaceErasure): Selection {
  return {
    concerns: ({ workspace }) => workspace !== 'never',
    where: (sql) => sql`org_id = ${orgId} and workspace_id = ${workspaceId}`,
  }
}

/** Notes that some of the work is done; before the first of it, how much there is. */
export async function noteWorkspaceProgress(
  sql: Sql,
  erasure: WorkspaceErasure,
  removed: number,
  message: string,
): Promise<void> {
  const total = erasure.status === 'queued' ? await countRows(sql, everythingOf(erasure)) : erasure.total
  await progressJob(sql, erasure.jobId, { done: Math.min(erasure.done + removed, total), total, message })
}

/**
 * Removes the next rows of a workspace: what its documents say, so that what is known elsewhere is derived anew; rows
 * whose objects are gone; then all others.
 * @param objectless rows whose objects have been removed
 * @returns also whether nothing but the workspace itself is left
 */
export async function eraseWorkspaceRows(
  sql: Sql,
  erasure: WorkspaceErasure,
  objectless: readonly NamedObject[],
): Promise<Erased & { finished: boolean }> {
  const evidence = await removeWorkspaceFindings(sql, erasure, batchRows)
  if (evidence > 0) return { rows: evidence, table: 'evidence', finished: false }
  const passages = await eraseRows(
    sql,
    only(erasure, ({ name }) => name === 'document_passages'),
    batchRows,
  )
  if (passages.rows > 0) return { ...passages, finished: false }
  if (objectless.length > 0) return { ...(await eraseNamed(sql, erasure, objectless)), finished: false }
  // Rows that name objects wait until their objects are gone.
  const others = await eraseRows(
    sql,
    only(erasure, ({ hasObjects }) => !hasObjects),
    batchRows,
  )
  return { ...others, finished: others.rows === 0 && (await listNamedObjects(sql, erasure.workspaceId)).length === 0 }
}

function only(erasure: WorkspaceErasure, concerns: Selection['concerns']): Selection {
  const everything = everythingOf(erasure)
  return { ...everything, concerns: (table) => everything.concerns(table) && concerns(table) }
}

async function eraseNamed(sql: Sql, erasure: WorkspaceErasure, named: readonly NamedObject[]): Promise<Erased> {
  const documents = named.filter(({ table }) => table === 'documents').map(({ id }) => id)
  const exports = named.filter(({ table }) => table === 'exports').map(({ id }) => id)
  // A step that was under way may have said something meanwhile.
  const late =
    documents.length === 0
      ? []
      : await sql<{ document_id: string }[]>`
    select distinct document_id from evidence where document_id in ${sql(documents)}`
  for (const { document_id } of late) await removeFindings(sql, document_id, erasure.orgId)
  if (documents.length > 0) await sql`delete from documents where id in ${sql(documents)}`
  if (exports.length > 0) await sql`delete from exports where id in ${sql(exports)}`
  return { rows: named.length, table: documents.length > 0 ? 'documents' : 'exports' }
}

/** Removes the workspace itself and says that it is gone. */
export async function finishWorkspaceErasure(sql: Sql, erasure: WorkspaceErasure): Promise<void> {
  await sql`delete from workspaces where id = ${erasure.workspaceId}`
  await finishJob(sql, erasure.jobId, {
    status: 'succeeded',
    message: 'Everything of the workspace is gone',
    result: { erased: erasure.total },
  })
}
