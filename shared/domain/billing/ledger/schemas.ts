import * as v from 'valibot'
import { Id, Timestamp } from '../../ids.ts'
import { PlainText } from '../../plain-text.ts'
import type { Json } from '../../sql.ts'

const SignedPaise = v.pipe(v.number(), v.safeInteger())
const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
const AnyJson = v.custom<Json>((value) => value !== undefined, 'must be JSON')

const Violation = v.strictObject({
  subject: v.pipe(v.string(), v.description('Id of what is wrong, at the gateway or here')),
  org_id: v.nullable(Id),
  expected: v.nullable(v.string()),
  found: v.nullable(v.string()),
})

export const InvariantReport = v.strictObject({
  invariant: v.string(),
  says: v.pipe(v.string(), v.description('What holds')),
  holds: v.boolean(),
  violations: v.pipe(v.array(Violation), v.description('A few of those that break it')),
})
export type InvariantReport = v.InferOutput<typeof InvariantReport>

/** What holds of the money, as it was found at a moment. */
export const BooksCheck = v.strictObject({
  checked_at: Timestamp,
  holds: v.boolean(),
  invariants: v.array(InvariantReport),
})
export type BooksCheck = v.InferOutput<typeof BooksCheck>

/** How billing is, of all organizations together. */
export const BillingStatus = v.strictObject({
  last_check: v.pipe(v.nullable(BooksCheck), v.description('Null before the first one; made daily')),
  balances: v.pipe(
    v.array(v.strictObject({ account: v.string(), name: v.string(), kind: v.string(), balance_paise: SignedPaise })),
    v.description('Debit above zero, credit below; their sum is zero'),
  ),
  open_differences: v.array(v.strictObject({ kind: v.string(), count: Count, amount_paise: SignedPaise })),
  waiting: v.pipe(
    v.array(v.strictObject({ what: v.string(), count: Count, oldest_at: v.nullable(Timestamp) })),
    v.description('What has come and isn’t dealt with yet, or was asked and isn’t answered'),
  ),
  subscriptions: v.array(v.strictObject({ plan_id: v.string(), status: v.string(), count: Count })),
})
export type BillingStatus = v.InferOutput<typeof BillingStatus>

export const differenceStatuses = ['open', 'resolved'] as const

/** Something that doesn't agree with the gateway, and that nobody may guess about. */
export const BillingDifference = v.strictObject({
  id: Id,
  org_id: v.pipe(v.nullable(Id), v.description('Null: nobody knows whose')),
  kind: v.string(),
  subject: v.pipe(v.string(), v.description('Id of the gateway’s object, or of ours')),
  expected: AnyJson,
  found: AnyJson,
  amount_paise: v.nullable(SignedPaise),
  status: v.picklist(differenceStatuses),
  resolution: v.nullable(v.string()),
  resolved_by: v.pipe(v.nullable(Id), v.description('Null: it went away by itself')),
  first_seen_at: Timestamp,
  last_seen_at: Timestamp,
  resolved_at: v.nullable(Timestamp),
})
export type BillingDifference = v.InferOutput<typeof BillingDifference>

/** Query parameters that narrow the list of differences. */
export const differenceFilter = {
  status: v.optional(v.picklist(differenceStatuses)),
  kind: v.optional(v.pipe(v.string(), v.regex(/^[a-z-]{2,60}$/, 'must be a kind of difference'))),
}
const Filter = v.strictObject(differenceFilter)
export type DifferenceFilter = v.InferOutput<typeof Filter>

export const Resolution = v.strictObject({
  resolution: v.pipe(
    PlainText,
    v.trim(),
    v.minLength(1),
    v.maxLength(1000),
    v.description('What was found and done, for whoever asks later'),
  ),
})
