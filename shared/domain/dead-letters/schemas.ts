import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'

export const Kind = v.picklist(['event', 'task'])
export const Status = v.picklist(['open', 'redriven', 'discarded'])
export const Consumer = v.pipe(
  v.string(),
  v.maxLength(100),
  v.regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a function'),
)

const summary = {
  id: Id,
  kind: Kind,
  consumer: v.pipe(v.string(), v.description('The function that gave the message up')),
  message_id: v.string(),
  attempts: v.pipe(v.number(), v.integer(), v.description('In all, those of being sent again included')),
  error: v.strictObject({ code: v.string(), message: v.string() }),
  status: v.pipe(Status, v.description('A message that was sent again and given up again has an open letter again')),
  redrives: v.pipe(v.number(), v.integer(), v.description('How often it was sent again')),
  redriven_at: v.nullable(Timestamp),
  discarded_at: v.nullable(Timestamp),
  resolved_by: v.pipe(v.nullable(Id), v.description('Who sent it again last, or discarded it')),
  created_at: Timestamp,
}

export const DeadLetterSummary = v.strictObject(summary)
export type DeadLetterSummary = v.InferInput<typeof DeadLetterSummary>

export const DeadLetterDetail = v.strictObject({
  ...summary,
  body: v.pipe(v.unknown(), v.description('The message with its envelope; null once it is discarded')),
})
export type DeadLetterDetail = v.InferInput<typeof DeadLetterDetail>
