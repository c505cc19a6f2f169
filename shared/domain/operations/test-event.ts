import * as v from 'valibot'
import { Id, newId, Timestamp } from '../ids.ts'
import { finishJob, startJob } from '../jobs/jobs.ts'
import type { Job } from '../jobs/schemas.ts'
import { eventType, type Publish } from '../messaging.ts'
import type { Sql } from '../sql.ts'

/** Kind of the job that a test event ends. */
export const testKind = 'operations.test-event'

/** An event that does nothing but arrive: it shows that the way of all messages is open, from commit to effect. */
export const testEvent = eventType('operations', 'test.event', v.object({ job_id: Id, sent_at: Timestamp }))

/** Sends a test event with a job that succeeds when it arrives. */
export async function sendTestEvent(
  { sql, publish }: { sql: Sql; publish: Publish },
  draft: { orgId: string; createdBy: string | null; sentAt: Date },
): Promise<Job> {
  const id = newId()
  const job = await startJob(sql, {
    id,
    orgId: draft.orgId,
    workspaceId: null,
    kind: testKind,
    total: 1,
    message: 'Sent; waiting to arrive',
    subjectId: id,
    createdBy: draft.createdBy,
  })
  await publish(testEvent, { job_id: id, sent_at: draft.sentAt.toISOString() })
  return job
}

/** Ends the job of a test event that arrived. Whatever else the message names, only a job of this kind is ended. */
export async function receiveTestEvent(
  sql: Sql,
  { job_id: id, sent_at: sentAt }: { job_id: string; sent_at: string },
  receivedAt: Date,
): Promise<void> {
  if (!(await isTest(sql, id))) return
  const milliseconds = Math.max(0, receivedAt.getTime() - Date.parse(sentAt))
  await finishJob(sql, id, {
    status: 'succeeded',
    message: `Arrived after ${milliseconds} ms`,
    result: { milliseconds },
  })
}

/** Ends the job of a test event that was given up. */
export async function failTestEvent(sql: Sql, id: string, error: { code: string; message: string }): Promise<void> {
  if (await isTest(sql, id)) await finishJob(sql, id, { status: 'failed', message: error.message, error })
}

async function isTest(sql: Sql, id: string): Promise<boolean> {
  const jobs = await sql`select 1 from jobs where id = ${id} and kind = ${testKind}`
  return jobs.length > 0
}
