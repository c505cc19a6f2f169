import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'

export const FlagKey = v.pipe(
  v.string(),
  v.regex(/^FEATURE_[A-Z0-9_]{1,60}$/, 'must be FEATURE_ and up to 60 capital letters, digits and underscores'),
)

const Percentage = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0), v.maxValue(100))
const Description = v.pipe(PlainText, v.maxLength(1000))

const FlagRule = v.strictObject({ org_id: Id, enabled: v.boolean() })
const FlagRules = v.pipe(
  v.array(FlagRule),
  v.maxLength(1000),
  v.check(
    (rules) => new Set(rules.map(({ org_id }) => org_id)).size === rules.length,
    'must name each organization once',
  ),
  v.description('Decide for their organization, whatever else is set'),
)

export const Flag = v.strictObject({
  key: FlagKey,
  description: v.string(),
  enabled: v.boolean(),
  percentage: v.pipe(v.number(), v.description('Of all organizations, for whom it is on when it is enabled')),
  rules: v.array(FlagRule),
  updated_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Flag = v.InferInput<typeof Flag>

export const FlagDraft = v.strictObject({
  key: FlagKey,
  description: v.optional(Description, ''),
  enabled: v.optional(v.boolean(), false),
  percentage: v.optional(Percentage, 100),
  rules: v.optional(FlagRules, []),
})
export type FlagDraft = v.InferOutput<typeof FlagDraft>

export const FlagChange = v.strictObject({
  description: v.optional(Description),
  enabled: v.optional(v.boolean()),
  percentage: v.optional(Percentage),
  rules: v.optional(FlagRules),
})
export type FlagChange = v.InferOutput<typeof FlagChange>

/** One line of a flag's history. */
export const FlagHistoryEntry = v.strictObject({
  id: Id,
  flag_key: FlagKey,
  action: v.picklist(['created', 'updated', 'deleted']),
  changed_by: v.nullable(Id),
  before: v.pipe(v.nullable(Flag), v.description('Null when it was created')),
  after: v.pipe(v.nullable(Flag), v.description('Null when it was deleted')),
  request_id: v.string(),
  changed_at: Timestamp,
})
export type FlagHistoryEntry = v.InferInput<typeof FlagHistoryEntry>
