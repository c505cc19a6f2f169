import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import type { Json } from '../sql.ts'
import { faults } from './chain.ts'

const Sequence = v.pipe(v.number(), v.integer(), v.minValue(0))
const Hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'))

export const AuditLog = v.strictObject({
  sequence: v.pipe(Sequence, v.description('1, 2, 3 … within the organization, without gaps')),
  occurred_at: Timestamp,
  actor_kind: v.picklist(['user', 'key', 'system']),
  actor_id: v.nullable(v.string()),
  action: v.string(),
  target_type: v.string(),
  target_id: v.nullable(v.string()),
  details: v.custom<Json>((value) => typeof value === 'object', 'must be JSON'),
  request_id: v.string(),
  ip: v.nullable(v.string()),
  hash: v.pipe(Hash, v.description('Covers this entry and, through the hash before it, all earlier ones')),
})
export type AuditLog = v.InferOutput<typeof AuditLog>

const Text = v.optional(v.pipe(PlainText, v.minLength(1), v.maxLength(200)))

/** Query parameters that narrow the list. */
export const auditFilter = {
  action: v.optional(
    v.pipe(PlainText, v.minLength(1), v.maxLength(100), v.description('Actions that begin so, e.g. `project.`')),
  ),
  actor_id: Text,
  target_type: Text,
  target_id: Text,
  request_id: Text,
  from: v.optional(v.pipe(Timestamp, v.description('Not before'))),
  to: v.optional(v.pipe(Timestamp, v.description('Before'))),
}
const Filter = v.strictObject(auditFilter)
export type AuditFilter = v.InferOutput<typeof Filter>

const SequenceText = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number'), v.transform(Number))

/** Where to start, and what the chain must contain. */
export const verificationQuery = {
  after_sequence: v.optional(v.pipe(SequenceText, v.description('Start after this entry, which is known to be right'))),
  after_hash: v.optional(Hash),
  anchor_sequence: v.optional(
    v.pipe(SequenceText, v.description('An entry known from elsewhere, that the chain must contain with this hash')),
  ),
  anchor_hash: v.optional(Hash),
}

export const AuditLink = v.strictObject({ sequence: Sequence, hash: Hash })

export const Verification = v.strictObject({
  valid: v.pipe(
    v.nullable(v.boolean()),
    v.description('Null: right so far, but not all was read in time; ask again after `verified`'),
  ),
  entries: v.pipe(v.number(), v.description('How many were read and are right')),
  head: v.pipe(v.nullable(AuditLink), v.description('The last entry as the log knows it; null for an empty log')),
  verified: v.pipe(AuditLink, v.description('The last entry that is right')),
  broken_at: v.pipe(v.nullable(v.number()), v.description('The first entry that is wrong or gone')),
  reason: v.nullable(v.picklist(faults)),
})

/** The last line of an export. */
export const HeadLine = v.strictObject({ head: v.strictObject({ org_id: Id, ...AuditLink.entries }) })
