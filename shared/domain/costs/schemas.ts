import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'

export const groupings = ['day', 'agent', 'model', 'playbook', 'task'] as const
export type Grouping = (typeof groupings)[number]

export const finishes = ['stop', 'tools', 'length', 'safety', 'failed', 'lost'] as const

const Name = v.pipe(PlainText, v.minLength(1), v.maxLength(200))

/** Query parameters that narrow the list of calls. */
export const callFilter = {
  run_id: v.optional(v.pipe(Id, v.description('Calls of this run'))),
  agent: v.optional(Name),
  model: v.optional(v.pipe(Name, v.description('e.g. `local:rules-1`'))),
  playbook: v.optional(Name),
  finish: v.optional(v.picklist(finishes)),
}
const Filter = v.strictObject(callFilter)
export type CallFilter = v.InferOutput<typeof Filter>

const Count = v.pipe(v.number(), v.integer(), v.minValue(0))

const tokens = {
  input_tokens: v.pipe(Count, v.description('Cached ones too')),
  cached_input_tokens: Count,
  output_tokens: v.pipe(Count, v.description('Those of thinking too')),
  thinking_tokens: Count,
}

const spend = {
  calls: Count,
  failed_calls: v.pipe(Count, v.description('Failed, or lost: nothing was heard of them')),
  ...tokens,
  cost_microdollars: v.pipe(Count, v.description('A million is a US dollar')),
  estimated_microdollars: v.pipe(Count, v.description('The part of it that no provider has confirmed')),
}
const Spend = v.strictObject(spend)
export type Spend = v.InferInput<typeof Spend>

const SpendGroup = v.strictObject({
  group: v.pipe(
    v.nullable(v.string()),
    v.description('The agent, model, playbook or task, or when the day (UTC) begins; null: calls of none'),
  ),
  ...spend,
})
export type SpendGroup = v.InferInput<typeof SpendGroup>

export const SpendSummary = v.strictObject({
  from: Timestamp,
  to: Timestamp,
  group_by: v.picklist(groupings),
  total: Spend,
  data: v.pipe(v.array(SpendGroup), v.description('In the order of time, otherwise the dearest first')),
  truncated: v.pipe(v.boolean(), v.description('There are more groups than these; `total` counts them too')),
})
export type SpendSummary = v.InferInput<typeof SpendSummary>

/** One call of a model. */
export const ModelCall = v.strictObject({
  id: Id,
  occurred_at: v.pipe(Timestamp, v.description('When it began')),
  model: v.string(),
  alias: v.string(),
  task: v.string(),
  playbook: v.nullable(v.string()),
  agent: v.nullable(v.string()),
  run_id: v.nullable(Id),
  node: v.nullable(v.string()),
  iteration: v.nullable(Count),
  user_id: v.nullable(Id),
  ...tokens,
  cost_microdollars: Count,
  uncovered_microdollars: v.pipe(
    Count,
    v.description('What it is said to have cost beyond what was set aside for it; in no budget'),
  ),
  estimated: v.pipe(v.boolean(), v.description('Nobody has confirmed what it took: this is the upper bound')),
  milliseconds: Count,
  finish: v.picklist(finishes),
  failure: v.nullable(v.strictObject({ code: v.string(), message: v.string() })),
  artifact_key: v.nullable(v.string()),
})
export type ModelCall = v.InferInput<typeof ModelCall>
