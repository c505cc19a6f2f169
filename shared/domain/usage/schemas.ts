import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'

export const groupings = ['route', 'day', 'hour', 'status', 'caller'] as const
export type Grouping = (typeof groupings)[number]

export const statusClasses = ['2xx', '3xx', '4xx', '5xx'] as const

const Caller = v.pipe(
  v.string(),
  v.regex(/^(user|key):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be user: or key: and an id'),
  v.toLowerCase(),
)

/** Query parameters of a span of time. */
export const windowQuery = {
  from: v.optional(v.pipe(Timestamp, v.description('Not before; seven days before `to` when absent'))),
  to: v.optional(v.pipe(Timestamp, v.description('Before; now when absent'))),
}

/** Query parameters that narrow the list of requests. */
export const requestFilter = {
  route: v.optional(v.pipe(PlainText, v.minLength(1), v.maxLength(100), v.description('e.g. `projects-list`'))),
  status: v.optional(v.picklist(statusClasses)),
  caller: v.optional(v.pipe(Caller, v.description('`user:` or `key:` and the id'))),
}
const Filter = v.strictObject(requestFilter)
export type RequestFilter = v.InferOutput<typeof Filter>

const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
const Milliseconds = v.nullable(v.number())

const measures = {
  requests: Count,
  client_errors: v.pipe(Count, v.description('Answered with 4xx')),
  server_errors: v.pipe(Count, v.description('Answered with 5xx')),
  mean_milliseconds: Milliseconds,
  p50_milliseconds: Milliseconds,
  p95_milliseconds: Milliseconds,
  p99_milliseconds: Milliseconds,
}
const Measures = v.strictObject(measures)
export type Measures = v.InferInput<typeof Measures>

const UsageGroup = v.strictObject({
  group: v.pipe(
    v.string(),
    v.description('The route, the status, when the day or hour (UTC) begins, or `user:` or `key:` and the id'),
  ),
  ...measures,
})
export type UsageGroup = v.InferInput<typeof UsageGroup>

export const UsageSummary = v.strictObject({
  from: Timestamp,
  to: Timestamp,
  group_by: v.picklist(groupings),
  total: Measures,
  data: v.pipe(v.array(UsageGroup), v.description('In the order of time, otherwise the most used first')),
  truncated: v.pipe(v.boolean(), v.description('There are more groups than these; `total` counts them too')),
})

/** One request of the log. */
export const UsageRequest = v.strictObject({
  id: Id,
  occurred_at: Timestamp,
  route: v.string(),
  method: v.string(),
  status: v.number(),
  milliseconds: v.number(),
  user_id: v.nullable(Id),
  key_id: v.nullable(Id),
  request_bytes: v.nullable(v.number()),
  response_bytes: v.nullable(v.number()),
  request_id: v.string(),
})
export type UsageRequest = v.InferInput<typeof UsageRequest>
