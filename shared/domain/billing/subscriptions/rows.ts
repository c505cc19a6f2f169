import type { Sql } from '../../sql.ts'
import type { GatewaySubscriptionStatus } from '../gateway.ts'
import type { Period, Span } from '../proration/days.ts'

export const liveStatuses = ['incomplete', 'trialing', 'active', 'past_due', 'paused', 'halted'] as const
export const endStatuses = ['cancelled', 'completed', 'expired'] as const
export type SubscriptionStatus = (typeof liveStatuses)[number] | (typeof endStatuses)[number]

/** What is bought for a period. */
export interface Terms {
  plan_id: string
  period: Period
  seats: number
}

/** What a subscription becomes at the end of its period, at the price that was agreed. */
export interface NextChange extends Terms {
  period_paise: number
}

/** A row of `subscriptions`; moments are ISO 8601. */
export interface SubscriptionRow extends Terms {
  id: string
  org_id: string
  status: SubscriptionStatus
  collection: 'mandate' | 'order' | 'none'
  period_paise: number
  coupon_code: string | null
  trial_ends_at: string | null
  current_period_start: string | null
  current_period_end: string | null
  billing_day: number | null
  cancel_at_period_end: boolean
  next_change: NextChange | null
  grace_until: string | null
  dunning_stage: number
  gateway_subscription_id: string | null
  replaced_gateway_ids: string[]
  gateway_status: GatewaySubscriptionStatus | null
  gateway_status_at: string | null
  gateway_paid_count: number
  gateway_paused_at: string | null
  gateway_short_url: string | null
  started_at: string | null
  ended_at: string | null
  created_at: string
}

export const subscriptionColumns = [
  'id',
  'org_id',
  'plan_id',
  'period',
  'seats',
  'status',
  'collection',
  'period_paise',
  'coupon_code',
  'trial_ends_at',
  'current_period_start',
  'current_period_end',
  'billing_day',
  'cancel_at_period_end',
  'next_change',
  'grace_until',
  'dunning_stage',
  'gateway_subscription_id',
  'replaced_gateway_ids',
  'gateway_status',
  'gateway_status_at',
  'gateway_paid_count',
  'gateway_paused_at',
  'gateway_short_url',
  'started_at',
  'ended_at',
  'created_at',
]

/** The subscription of an organization that hasn't ended; there is at most one. */
export async function findLive(sql: Sql, orgId: string): Promise<SubscriptionRow | null> {
  const [row] = await sql<SubscriptionRow[]>`
    select ${sql(subscriptionColumns)} from subscriptions where org_id = ${orgId} and ended_at is null`
  return row ?? null
}

export async function findSubscription(sql: Sql, orgId: string, id: string): Promise<SubscriptionRow | null> {
  const [row] = await sql<SubscriptionRow[]>`
    select ${sql(subscriptionColumns)} from subscriptions where org_id = ${orgId} and id = ${id}`
  return row ?? null
}

/** The subscription whose mandate this is, or was before a newer one replaced it. */
export async function findByMandate(sql: Sql, orgId: string, gatewayId: string): Promise<SubscriptionRow | null> {
  const [row] = await sql<SubscriptionRow[]>`
    select ${sql(subscriptionColumns)} from subscriptions
    where org_id = ${orgId} and (gateway_subscription_id = ${gatewayId} or replaced_gateway_ids ? ${gatewayId})`
  return row ?? null
}

/** What is paid for; null before the first payment. */
export function paidSpan(row: SubscriptionRow): Span | null {
  if (row.current_period_start === null || row.current_period_end === null) return null
  return { start: new Date(row.current_period_start), end: new Date(row.current_period_end) }
}
