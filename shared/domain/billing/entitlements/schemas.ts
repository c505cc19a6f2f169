import * as v from 'valibot'
import { Timestamp } from '../../ids.ts'
import { maximumSeats } from '../catalogue/plans.ts'
import { PlanId } from '../catalogue/schemas.ts'
import { LimitOverrides, Limits } from './features.ts'

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const entitlement = {
  plan_id: PlanId,
  plan_name: v.string(),
  is_default: v.pipe(v.boolean(), v.description('Nothing is paid for, or what was is over')),
  seats: v.pipe(v.nullable(Count), v.description('Null: without limit')),
  until: v.pipe(
    v.nullable(Timestamp),
    v.description('When it ends unless it is renewed, days of grace included; null: not by itself'),
  ),
  limits: v.pipe(Limits, v.description('Those of a contract where there is one; null: without limit')),
}

/** What an organization may use. */
export const Entitlement = v.strictObject(entitlement)

export const EntitlementInUse = v.strictObject({
  ...entitlement,
  used: v.strictObject({
    seats: v.pipe(Count, v.description('Members, with open invitations')),
    indicators: Count,
    documents: v.pipe(Count, v.description('In this month')),
    runs: v.pipe(Count, v.description('In this month')),
  }),
  month: v.pipe(v.string(), v.description('In UTC: `2026-11`')),
  resets_at: v.pipe(Timestamp, v.description('When the next month begins')),
})
export type EntitlementInUse = v.InferInput<typeof EntitlementInUse>

/** What an operator agrees with an organization. */
export const Contract = v.strictObject({
  plan_id: PlanId,
  seats: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(maximumSeats)),
  until: v.pipe(v.nullable(Timestamp), v.description('Null: until further notice')),
  overrides: v.optional(
    v.pipe(LimitOverrides, v.description('In place of the limits of the plan; null: without limit')),
    {},
  ),
})
