import { notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Json, Sql } from '../sql.ts'
import type { Job, JobStatus } from './schemas.ts'

const columns = [
  'id',
  'kind',
  'status',
  'done',
  'total',
  'message',
  'attempts',
  'cost_microdollars',
  'subject_id',
  'result',
  'error',
  'created_at',
  'updated_at',
  'finished_at',
]

/** The time that is left if the work goes on as fast as it did until the last change; null while that is not known. */
function etaSeconds(sql: Sql) {
  return sql`case when status = 'running' and done > 0 and total > 0 then
    least(2147483647, greatest(0, ceil(
      extract(epoch from updated_at - created_at) / done * total - extract(epoch from now() - created_at)
    )))::integer end`
}

function selected(sql: Sql) {
  return sql`${sql(columns)}, ${etaSeconds(sql)} as eta_seconds`
}

/** What an event tells of a job, from its row as it is after the change. */
export function jobEventData(sql: Sql) {
  return sql`jsonb_build_object('status', status, 'done', done, 'total', total, 'message', message,
    'eta_seconds', ${etaSeconds(sql)}, 'attempts', attempts, 'cost_microdollars', cost_microdollars,
    'result', result, 'error', error)`
}

export interface JobDraft {
  id: string
  orgId: string
  workspaceId: string | null
  kind: string
  total: number
  message: string
  subjectId: string
  createdBy: string | null
}

/** Makes the row of a long piece of work, with its first event. */
export async function startJob(sql: Sql, draft: JobDraft): Promise<Job> {
  const [job] = await sql<Job[]>`
    insert into jobs (id, org_id, workspace_id, kind, status, total, message, subject_id, created_by)
    values (${draft.id}, ${draft.orgId}, ${draft.workspaceId}, ${draft.kind}, 'queued', ${draft.total},
      ${draft.message}, ${draft.subjectId}, ${draft.createdBy})
    returning ${selected(sql)}`
  await change(sql, draft.id, { status: 'queued' })
  return job!
}

/** Says how far a job has come, and of how much when that was not known before. Does nothing to a job that has ended. */
export async function progressJob(
  sql: Sql,
  id: string,
  progress: { done: number; total?: number; message: string },
): Promise<void> {
  await change(sql, id, { status: 'running', ...progress })
}

/** Ends a job. Does nothing to a job that has ended. */
export async function finishJob(
  sql: Sql,
  id: string,
  end:
    | { status: 'succeeded'; message: string; result: Readonly<Record<string, unknown>> }
    | { status: 'failed' | 'cancelled'; message: string; error: { code: string; message: string } },
): Promise<void> {
  await change(sql, id, end)
}

interface Change {
  status: JobStatus
  done?: number
  total?: number
  message?: string
  result?: Readonly<Record<string, unknown>>
  error?: { code: string; message: string }
}

/** Changes the job and tells its listeners, in one statement; the row's lock gives the events their order. */
async function change(sql: Sql, id: string, { status, done, total, message, result, error }: Change): Promise<void> {
  const ended = status === 'succeeded' || status === 'failed' || status === 'cancelled'
  await sql`
    with changed as (
      update jobs set
        status = ${status},
        done = case when ${status} = 'succeeded' then total else coalesce(${done ?? null}, done) end,
        total = coalesce(${total ?? null}, total),
        message = coalesce(${message ?? null}, message),
        result = coalesce(${result ? sql.json(result as Json) : null}::jsonb, result),
        error = coalesce(${error ? sql.json(error) : null}::jsonb, error),
        version = version + 1,
        updated_at = now(),
        finished_at = case when ${ended} then now() end
      where id = ${id} and status in ('queued', 'running')
      returning *
    )
    insert into job_events (org_id, workspace_id, job_id, sequence, type, data)
    select org_id, workspace_id, id, version, status, ${jobEventData(sql)} from changed`
}

/**
 * The statement that counts an attempt at a job's step in the transaction of the step's effects: the last one, since
 * steps lock what they work on before the job. What they told of the job tells the attempt too. A job that had ended before
 * counts no more.
 */
export function countAttempt(sql: Sql, id: string) {
  return sql`
    with counted as (
      update jobs set attempts = attempts + 1
      where id = ${id} and (finished_at is null or finished_at = now())
      returning id, version, attempts
    )
    update job_events e set data = jsonb_set(e.data, '{attempts}', to_jsonb(c.attempts))
    from counted c where e.job_id = c.id and e.sequence > c.version - 4 and e.created_at = now()`
}

/** Counts an attempt that failed and is to be repeated, and tells the job's listeners. */
export async function noteFailedAttempt(sql: Sql, id: string, error: { code: string }): Promise<void> {
  await sql`
    with changed as (
      update jobs set attempts = attempts + 1, version = version + 1, updated_at = now(),
        message = ${`An attempt failed (${error.code}); it is repeated`}
      where id = ${id} and status in ('queued', 'running')
      returning *
    )
    insert into job_events (org_id, workspace_id, job_id, sequence, type, data)
    select org_id, workspace_id, id, version, status, ${jobEventData(sql)} from changed`
}

/**
 * How far the events of a job go, and whether no more will come than these; those of long ago are kept no longer.
 * @throws AppError NOT_FOUND
 */
export async function readJobVersion(
  sql: Sql,
  id: string,
): Promise<{ version: number; ended: boolean; kept: boolean }> {
  const [job] = await sql<{ version: number; ended: boolean; kept: boolean }[]>`
    select version, finished_at is not null as ended, exists (select from job_events where job_id = id) as kept
    from jobs where id = ${id}`
  if (!job) throw notFound('Job')
  return job
}

/** @throws AppError NOT_FOUND */
export async function readJob(sql: Sql, id: string): Promise<Job> {
  const [job] = await sql<Job[]>`select ${selected(sql)} from jobs where id = ${id}`
  if (!job) throw notFound('Job')
  return job
}

/** The jobs that the caller may see, newest first. */
export function listJobs(sql: Sql, page: Page): Promise<Job[]> {
  return sql<Job[]>`
    select ${selected(sql)} from jobs where id < ${page.before ?? endOfIds} order by id desc limit ${page.size + 1}`
}

export interface JobEvent {
  sequence: number
  type: JobStatus
  data: unknown
}

/** The events of a job after a sequence number, in order. */
export function listJobEvents(sql: Sql, id: string, after: number): Promise<JobEvent[]> {
  return sql<JobEvent[]>`
    select sequence, type, data from job_events where job_id = ${id} and sequence > ${after} order by sequence limit 100`
}
