import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { stepStatuses } from './advance.ts'

export const runStatuses = ['queued', 'running', 'waiting_approval', 'completed', 'failed', 'cancelled'] as const
export type RunStatus = (typeof runStatuses)[number]

/** Whether a run still goes on, or waits for somebody. */
export function isActive(status: RunStatus): boolean {
  return status === 'queued' || status === 'running' || status === 'waiting_approval'
}

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

/** A request to begin a run. */
export const RunRequest = v.strictObject({
  playbook: v.pipe(v.string(), v.minLength(1), v.maxLength(100), v.description('Id of a playbook')),
  input: v.pipe(v.unknown(), v.description('What the playbook takes')),
  budget_microdollars: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(1_000_000_000_000),
      v.description('What the run may spend on models; without it only the budget of the workspace holds it'),
    ),
  ),
})

/** A decision on what a run waits for. */
export const RunDecision = v.strictObject({
  node: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_-]{0,99}$/, 'must be the name of a node')),
  decision: v.picklist(['approve', 'reject']),
  comment: v.optional(v.pipe(PlainText, v.maxLength(2000))),
})

export const PlaybookSummary = v.strictObject({
  id: v.string(),
  title: v.string(),
  description: v.pipe(v.string(), v.description("What it is for, and what it can't do without a language model")),
  input_schema: v.pipe(v.record(v.string(), v.unknown()), v.description('JSON Schema of its input')),
})

export const PlaybookDetail = v.strictObject({
  ...PlaybookSummary.entries,
  start: v.string(),
  nodes: v.array(
    v.strictObject({
      name: v.string(),
      kind: v.picklist(['work', 'approval']),
      title: v.string(),
      join: v.picklist(['all', 'any']),
      agent: v.nullable(v.string()),
      permission: v.pipe(v.nullable(v.string()), v.description('What who approves needs; null for work')),
      timeout_seconds: v.nullable(count),
      attempts: v.nullable(count),
      model: v.nullable(v.string()),
    }),
  ),
  edges: v.array(
    v.strictObject({
      from: v.string(),
      to: v.string(),
      conditional: v.boolean(),
      label: v.nullable(v.string()),
      repeats: v.pipe(v.nullable(count), v.description('It goes back, at most so often')),
    }),
  ),
  mermaid: v.pipe(v.string(), v.description('The graph as text of a Mermaid flowchart')),
})

export const RunStatistics = v.strictObject({
  playbooks: v.array(
    v.strictObject({
      playbook: v.string(),
      runs: count,
      completed: count,
      failed: count,
      cancelled: count,
      active: count,
      median_seconds: v.nullable(v.number()),
      cost_microdollars: microdollars,
    }),
  ),
  agents: v.array(
    v.strictObject({
      agent: v.string(),
      steps: count,
      succeeded: count,
      failed: count,
      tool_calls: count,
      refused_tool_calls: count,
      median_milliseconds: v.nullable(v.number()),
      cost_microdollars: microdollars,
    }),
  ),
})
export type RunStatistics = v.InferInput<typeof RunStatistics>
