import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { stepStatuses } from './advance.ts'

export const runStatuses = ['queued', 'running', 'waiting_approval', 'completed', 'failed', 'cancelled'] as const
export type RunStatus = (typeof runStatuses)[number]

const Failure = v.strictObject({ code: v.string(), message: v.string() })
const microdollars = v.pipe(v.number(), v.integer(), v.description('Millionths of a US dollar'))
const count = v.pipe(v.number(), v.integer())

export const Run = v.strictObject({
  id: Id,
  playbook: v.string(),
  status: v.picklist(runStatuses),
  error: v.nullable(Failure),
  budget_microdollars: v.nullable(microdollars),
  cost_microdollars: microdollars,
  input_tokens: count,
  output_tokens: count,
  job_id: v.pipe(v.nullable(Id), v.description('Watch it at /v1/jobs/{job_id}/events')),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
  finished_at: v.nullable(Timestamp),
})
export type Run = v.InferInput<typeof Run>

export const Step = v.strictObject({
  node: v.string(),
  iteration: count,
  title: v.string(),
  agent: v.nullable(v.string()),
  status: v.picklist(stepStatuses),
  attempt: v.pipe(count, v.description('Tries so far')),
  output: v.pipe(v.unknown(), v.description('What it gave; null while there is nothing')),
  error: v.nullable(Failure),
  tainted: v.pipe(v.boolean(), v.description('It read text from outside')),
  shows: v.pipe(v.unknown(), v.description('What is to be decided on, while it waits for an approval; else null')),
  decided_by: v.nullable(Id),
  cost_microdollars: microdollars,
  input_tokens: count,
  output_tokens: count,
  milliseconds: v.pipe(v.nullable(count), v.description('From its first start to its end')),
  started_at: v.nullable(Timestamp),
  finished_at: v.nullable(Timestamp),
})
export type Step = v.InferInput<typeof Step>

export const ToolCallRecord = v.strictObject({
  id: Id,
  node: v.string(),
  iteration: count,
  attempt: count,
  agent: v.string(),
  tool: v.string(),
  input: v.unknown(),
  output: v.unknown(),
  status: v.picklist(['started', 'done', 'refused', 'failed']),
  error: v.nullable(Failure),
  milliseconds: count,
  created_at: Timestamp,
})
export type ToolCallRecord = v.InferInput<typeof ToolCallRecord>

export const RunDetail = v.strictObject({
  ...Run.entries,
  input: v.unknown(),
  output: v.unknown(),
  steps: v.array(Step),
  tool_calls: v.array(ToolCallRecord),
})
export type RunDetail = v.InferInput<typeof RunDetail>
