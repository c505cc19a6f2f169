import { openStep, pipelineSteps } from '../documents/documents.ts'
import type { StepContext } from '../documents/steps.ts'
import { testKind } from '../operations/test-event.ts'
import type { Sql } from '../sql.ts'
import { endableKinds, endJob } from './end.ts'
import { finishJob } from './jobs.ts'
import { promisedKinds, reviveJob } from './revive.ts'

/**
 * After so many hours without a change no sender tries any more: longer than all attempts with all pauses take, on the
 * queue `long-running` and on the others.
 */
export const staleHours = { longRunning: 7, other: 2 }

/** Jobs of one look; the next one takes what is left. */
const limit = 100

export interface StaleJob {
  id: string
  org_id: string
  kind: string
  subject_id: string | null
  done: number
  version: number
  revivals: number
}

/** Jobs that are looked after here; the others are looked after by those who know what they are about. */
const kinds = [...endableKinds, ...promisedKinds, testKind]
const longRunningKinds = ['export.build', ...promisedKinds]

/**
 * Finds jobs of every organization that nobody works on any more. The queues can't be asked what they hold; so beyond the
 * hours of all attempts a job is given as long as any other waited lately, which is how far the queues are behind, and
 * what still stands in the outbox is waited for.
 */
export function listStaleJobs(sql: Sql): Promise<StaleJob[]> {
  return sql<StaleJob[]>`
    with waited as (
      select coalesce(max(e.created_at - b.created_at), interval '0') as longest
      from job_events e join job_events b on b.job_id = e.job_id and b.sequence = e.sequence - 1
      where e.created_at > now() - interval '2 hours' and e.type in ('running', 'succeeded')
    )
    select id, org_id, kind, subject_id, done, version, revivals from jobs, waited
    where status in ('queued', 'running') and kind in ${sql(kinds)}
      and updated_at < now() - waited.longest - make_interval(hours => case
        when kind in ${sql(longRunningKinds)} or done = ${pipelineSteps.indexOf('extract text')}
        then ${staleHours.longRunning}::integer else ${staleHours.other}::integer end)
      and not exists (select from outbox o where o.body #>> '{payload,job_id}' = jobs.id::text)
    order by updated_at limit ${limit}`
}

/**
 * Takes a stale job up again, inside its organization, or ends it with what it works on when that can't be done or was
 * done often enough; but neither when it has gone on since it was found.
 */
export async function settleStaleJob(context: StepContext, job: StaleJob): Promise<'revived' | 'ended' | 'gone on'> {
  const { sql } = context
  const step = { document_id: job.subject_id ?? '', job_id: job.id }
  // In the order of the pipeline's steps: first the document, then its job.
  if (job.kind === 'document.process') await openStep(sql, step, 'lock')
  const [same] = await sql`
    select 1 from jobs where id = ${job.id} and version = ${job.version} and status in ('queued', 'running')
    for no key update`
  if (!same) return 'gone on'
  if (await reviveJob(context, job)) return 'revived'
  const error = { code: 'STALE', message: 'Nothing was heard of the work for hours; it can be tried again' }
  const isEndable = (endableKinds as readonly string[]).includes(job.kind)
  if (isEndable && (await endJob(context, job, { status: 'failed', error }))) return 'ended'
  const [ready] =
    await sql`select 1 from documents where id = ${job.subject_id} and job_id = ${job.id} and status = 'ready'`
  await finishJob(
    sql,
    job.id,
    ready
      ? { status: 'succeeded', message: 'Ready; nobody could be notified', result: { document_id: job.subject_id } }
      : { status: 'failed', message: error.message, error },
  )
  return 'ended'
}
