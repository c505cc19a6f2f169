import * as v from 'valibot'
import { Id, Timestamp } from '../../ids.ts'
import { maximumSeats } from '../catalogue/plans.ts'
import { Period, PlanId } from '../catalogue/schemas.ts'
import { CouponCode } from '../coupons/coupons.ts'
import { Paise } from '../money.ts'
import { endStatuses, liveStatuses, type SubscriptionRow } from './rows.ts'
import { isAuthorized } from './state.ts'

const Seats = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maximumSeats))
const SignedPaise = v.pipe(v.number(), v.safeInteger())
const terms = { plan_id: PlanId, period: Period, seats: Seats }

/** What a mandate is to pay for. */
export const SubscriptionDraft = v.strictObject({ ...terms, coupon_code: v.nullish(CouponCode) })

export const TermsChange = v.strictObject({
  ...terms,
  when: v.pipe(
    v.optional(v.picklist(['now', 'period-end']), 'period-end'),
    v.description('now: for what costs less; what is paid too much becomes a credit. What costs more is ordered'),
  ),
})
export type TermsChange = v.InferOutput<typeof TermsChange>

/** The same in a query. */
export const TermsQuery = v.strictObject({
  plan_id: PlanId,
  period: Period,
  seats: v.pipe(v.string(), v.regex(/^\d{1,5}$/, 'must be a whole number'), v.transform(Number), Seats),
})

export const Cancellation = v.strictObject({
  when: v.pipe(
    v.optional(v.picklist(['now', 'period-end']), 'period-end'),
    v.description('now: the plan ends at once, and nothing is paid back by itself'),
  ),
})

export const TrialDraft = v.strictObject({ plan_id: v.optional(PlanId, 'team') })

export const Subscription = v.strictObject({
  id: Id,
  ...terms,
  status: v.pipe(
    v.picklist([...liveStatuses, ...endStatuses]),
    v.description('past_due: usable until grace_until; halted: not usable until it is paid'),
  ),
  collection: v.pipe(
    v.picklist(['mandate', 'order', 'none']),
    v.description('mandate: charged by itself; order: each period is ordered and paid; none: a trial'),
  ),
  period_paise: v.pipe(Paise, v.description('Of a period, without tax and before discounts')),
  coupon_code: v.nullable(v.string()),
  trial_ends_at: v.nullable(Timestamp),
  current_period_start: v.nullable(Timestamp),
  current_period_end: v.nullable(Timestamp),
  cancel_at_period_end: v.boolean(),
  next_change: v.pipe(
    v.nullable(v.strictObject({ ...terms, period_paise: Paise })),
    v.description('At the end of the period'),
  ),
  grace_until: v.nullable(Timestamp),
  authorize_url: v.pipe(v.nullable(v.string()), v.description('Where the mandate is to be authorized')),
  started_at: v.nullable(Timestamp),
  ended_at: v.nullable(Timestamp),
  created_at: Timestamp,
})
export type Subscription = v.InferOutput<typeof Subscription>

const Line = v.strictObject({
  description: v.string(),
  quantity: v.number(),
  unit_paise: SignedPaise,
  net_paise: SignedPaise,
})

/** What a change would cost. */
export const ChangePreview = v.strictObject({
  ...terms,
  now: v.strictObject({
    lines: v.array(Line),
    net_paise: v.pipe(SignedPaise, v.description('Without tax; below zero where it is a credit')),
    cgst_paise: Paise,
    sgst_paise: Paise,
    igst_paise: Paise,
    total_paise: v.pipe(Paise, v.description('With tax; ordered by POST /v1/billing/orders')),
    credit_paise: v.pipe(Paise, v.description('What of it credit pays')),
    due_paise: Paise,
    credit_note_paise: v.pipe(Paise, v.description('Credit with tax that the customer gets')),
    period_end: Timestamp,
  }),
  at_period_end: v.strictObject({
    takes_effect_at: Timestamp,
    renewal_paise: v.pipe(Paise, v.description('What each period costs then, with tax')),
    mandate_possible: v.boolean(),
  }),
})
export type ChangePreview = v.InferOutput<typeof ChangePreview>

/** A subscription as its owner sees it. */
export function showSubscription(row: SubscriptionRow): Subscription {
  const { id, plan_id, period, seats, status, collection, period_paise, coupon_code, trial_ends_at } = row
  const { current_period_start, current_period_end, cancel_at_period_end, next_change, grace_until } = row
  const { started_at, ended_at, created_at } = row
  const waits = collection === 'mandate' && ended_at === null && !isAuthorized(row)
  return {
    ...{ id, plan_id, period, seats, status, collection, period_paise, coupon_code, trial_ends_at },
    ...{ current_period_start, current_period_end, cancel_at_period_end, next_change, grace_until },
    ...{ authorize_url: waits ? row.gateway_short_url : null, started_at, ended_at, created_at },
  }
}
