import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'

export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type JobStatus = (typeof jobStatuses)[number]

const Failure = v.strictObject({ code: v.string(), message: v.string() })

export const Job = v.strictObject({
  id: Id,
  kind: v.string(),
  status: v.picklist(jobStatuses),
  done: v.pipe(v.number(), v.integer(), v.description('Steps done')),
  total: v.pipe(v.number(), v.integer(), v.description('Steps in all')),
  message: v.pipe(v.string(), v.description('What is happening, for people')),
  eta_seconds: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description('Seconds until it is done at the pace so far; null while that is not known'),
  ),
  attempts: v.pipe(
    v.number(),
    v.integer(),
    v.description('Attempts at its steps that have ended, those that failed and were repeated included'),
  ),
  cost_microdollars: v.pipe(
    v.number(),
    v.integer(),
    v.description('What models cost for it so far, in millionths of a US dollar'),
  ),
  subject_id: v.pipe(v.nullable(Id), v.description('What the job works on, for instance a document')),
  result: v.nullable(v.record(v.string(), v.unknown())),
  error: v.nullable(Failure),
  created_at: Timestamp,
  updated_at: Timestamp,
  finished_at: v.nullable(Timestamp),
})
export type Job = v.InferInput<typeof Job>
