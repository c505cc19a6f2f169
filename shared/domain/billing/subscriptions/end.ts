import { AppError, notFound } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import type { BillingEffects } from '../effects.ts'
import { endMandate } from '../messages.ts'
import { findLive, type SubscriptionRow, subscriptionColumns } from './rows.ts'
import { entitle, saveSubscription } from './save.ts'
import { isAuthorized } from './state.ts'

/** The subscription that there is, else the last one. @throws AppError NOT_FOUND */
export async function readSubscription(sql: Sql, orgId: string): Promise<SubscriptionRow> {
  const [row] = await sql<SubscriptionRow[]>`
    select ${sql(subscriptionColumns)} from subscriptions where org_id = ${orgId}
    order by ended_at is null desc, id desc limit 1`
  if (!row) throw notFound('Subscription')
  return row
}

/** @throws AppError NOT_FOUND */
export async function requireLive(sql: Sql, orgId: string): Promise<SubscriptionRow> {
  const live = await findLive(sql, orgId)
  if (!live) throw notFound('Subscription')
  return live
}

/**
 * Ends a subscription: at once, or with the period that is paid, until when this can be taken back. Its mandate charges
 * nothing any more either way. The caller holds the lock of the account.
 *
 * @throws AppError NOT_FOUND
 */
export async function cancelSubscription(
  effects: BillingEffects,
  orgId: string,
  when: 'now' | 'period-end',
): Promise<SubscriptionRow> {
  const { now } = effects
  const live = await requireLive(effects.sql, orgId)
  const released = await releaseMandate(effects, live)
  if (when === 'period-end' && live.status !== 'incomplete') {
    return saveSubscription(effects, live, { ...released, cancel_at_period_end: true, next_change: null })
  }
  const ended = await saveSubscription(effects, live, {
    ...released,
    ...{ status: 'cancelled', ended_at: now.toISOString(), cancel_at_period_end: false, next_change: null },
  })
  await entitle(effects, ended, null)
  return ended
}

/** Has the mandate ended, whose later news are about nothing that there is. */
export async function releaseMandate(effects: BillingEffects, row: SubscriptionRow) {
  const mandate = row.gateway_subscription_id
  if (mandate === null) return {}
  await effects.enqueue(endMandate, { gateway_subscription_id: mandate })
  return {
    collection: row.current_period_end === null && row.trial_ends_at !== null ? ('none' as const) : ('order' as const),
    ...{ gateway_subscription_id: null, gateway_status: null, gateway_status_at: null, gateway_short_url: null },
    gateway_paused_at: null,
    replaced_gateway_ids: [...row.replaced_gateway_ids, mandate],
  }
}

/**
 * Takes back a cancellation at the end of the period; later periods are paid by order. The caller holds the lock of the
 * account.
 *
 * @throws AppError NOT_FOUND; CONFLICT where there is nothing to take back
 */
export async function resumeSubscription(effects: BillingEffects, orgId: string): Promise<SubscriptionRow> {
  const live = await requireLive(effects.sql, orgId)
  if (!live.cancel_at_period_end) throw new AppError('CONFLICT', 'The subscription is neither paused nor cancelled')
  return saveSubscription(effects, live, { cancel_at_period_end: false })
}

/** The mandate that can be paused. @throws AppError NOT_FOUND; CONFLICT where nothing is charged by itself */
export async function mandateToPause(sql: Sql, orgId: string): Promise<string> {
  const live = await requireLive(sql, orgId)
  const works = live.collection === 'mandate' && isAuthorized(live) && live.gateway_subscription_id !== null
  if (!works || (live.status !== 'active' && live.status !== 'trialing')) {
    throw new AppError('CONFLICT', 'Only an active subscription with a mandate can be paused')
  }
  return live.gateway_subscription_id!
}

/** The mandate that is paused; null: none is. @throws AppError NOT_FOUND */
export async function pausedMandate(sql: Sql, orgId: string): Promise<string | null> {
  const live = await requireLive(sql, orgId)
  return live.status === 'paused' ? live.gateway_subscription_id : null
}
