import { removeLateObjects } from '../erasure/messages.ts'
import type { Enqueue } from '../messaging.ts'
import type { Sql } from '../sql.ts'

/** Files that the product made itself, and news that nobody looks at any more, are kept for so long. */
export const keptDays = 90
/** A document that is announced and never uploaded is given up after so long; its URL is good for an hour. */
export const awaitedDays = 7

/** Rows of one statement, and statements of one part: what is left then, the next day takes. */
const batchRows = 2000
const batches = 50

export interface ExpiryContext {
  sql: Sql
  enqueue: Enqueue
  enter(orgId: string): Promise<void>
}

/** How many rows of each kind had had their time. */
export type Expired = Record<'exports' | 'notifications' | 'deadLetters' | 'jobEvents' | 'documents', number>

/**
 * Removes what has had its time, across organizations, the oldest first. The files of exports and artifacts are removed by
 * the rules of their buckets, a day later; exports say that they have expired.
 */
export async function removeExpired(context: ExpiryContext): Promise<Expired> {
  const { sql } = context
  const old = sql`now() - make_interval(days => ${keptDays})`
  return {
    exports: await inBatches(
      () => sql`
        update exports set status = 'expired', updated_at = now()
        where id in (
          select id from exports where status in ('ready', 'failed') and created_at < ${old}
          order by created_at limit ${batchRows})`,
    ),
    notifications: await inBatches(
      () => sql`
        delete from notifications where id in (
          select id from notifications where created_at < ${old} order by created_at limit ${batchRows})`,
    ),
    deadLetters: await inBatches(
      () => sql`
        delete from dead_letters where id in (
          select id from dead_letters where status <> 'open' and created_at < ${old} order by created_at limit ${batchRows})`,
    ),
    jobEvents: await inBatches(
      () => sql`
        delete from job_events where (job_id, sequence) in (
          select e.job_id, e.sequence from jobs j join job_events e on e.job_id = j.id
          where j.finished_at < ${old} limit ${batchRows})`,
    ),
    // Last: it enters organizations.
    documents: await removeAbandonedDocuments(context),
  }
}

async function inBatches(statement: () => PromiseLike<{ count: number }>): Promise<number> {
  let sum = 0
  for (let batch = 0; batch < batches; batch++) {
    const { count } = await statement()
    sum += count
    if (count < batchRows) break
  }
  return sum
}

/** Removes documents that were announced and never came, and the files of those that came and were never completed. */
async function removeAbandonedDocuments({ sql, enqueue, enter }: ExpiryContext): Promise<number> {
  const found = await sql<{ org_id: string; id: string }[]>`
    select org_id, id from documents
    where status = 'awaiting_upload' and created_at < now() - make_interval(days => ${awaitedDays})
    order by created_at limit ${batchRows}`
  let removed = 0
  for (const [orgId, documents] of Map.groupBy(found, ({ org_id }) => org_id)) {
    await enter(orgId)
    // Somebody may complete one at this moment: it is no longer awaited then.
    const gone = await sql<{ object_key: string }[]>`
      delete from documents where id in ${sql(documents.map(({ id }) => id))} and status = 'awaiting_upload'
      returning object_key`
    removed += gone.length
    const places = gone.map(({ object_key }) => ({ bucket: 'uploads' as const, prefix: object_key }))
    for (let at = 0; at < places.length; at += placesPerTask) {
      await enqueue(removeLateObjects, { places: places.slice(at, at + placesPerTask) })
    }
  }
  return removed
}

const placesPerTask = 200
