import type { Sql } from '../../sql.ts'
import { lockAccount } from '../accounts/lock.ts'
import { discountOf } from '../coupons/coupons.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import type { PaymentGateway, SubscriptionSnapshot } from '../gateway.ts'
import { sendBillingMail } from '../messages.ts'
import { dayOfMonth } from '../proration/days.ts'
import { couponOf, lasting, mandateLimitPaise } from '../quotes/quote.ts'
import { isRefusal } from '../refunds/send.ts'
import { taxKindOf, taxOf } from '../tax/gst.ts'
import { chargesOf } from './begin-by-mandate.ts'
import { releaseMandate } from './end.ts'
import { type ChargedPlan, gatewayPlanOf } from './gateway-plans.ts'
import { findSubscription, type SubscriptionRow } from './rows.ts'
import { saveSubscription } from './save.ts'
import { addDays, isEnd } from './state.ts'

/** What the mandate of a subscription should charge from the next period on. */
export interface Wanted {
  subscriptionId: string
  gatewayId: string
  plan: ChargedPlan
  /** End of what is paid: when its next charge is. */
  nextChargeAt: Date
}

/** What was done about it: `updated`; `remade`, to be authorized anew; `impossible`, for mandates can't charge that. */
export type MandateUpdate =
  | { wanted: Wanted; outcome: 'updated' | 'impossible' }
  | { wanted: Wanted; outcome: 'remade'; mandate: SubscriptionSnapshot }

/** A mandate and our periods may differ by so much. */
const toleranceDays = 2

/** @returns null when nothing is charged by a mandate */
export async function wantedOf(
  sql: Sql,
  of: { orgId: string; subscriptionId: string; settings: BillingSettings },
): Promise<Wanted | null> {
  const { orgId, subscriptionId, settings } = of
  const row = await findSubscription(sql, orgId, subscriptionId)
  if (!row || row.ended_at !== null || row.collection !== 'mandate') return null
  if (row.gateway_subscription_id === null || row.current_period_end === null) return null
  const account = await lockAccount(sql, orgId)
  const terms = row.next_change ?? row
  const net = terms.period_paise - discountOf(lasting(await couponOf(sql, row), terms), terms.period_paise)
  const { total_paise: amountPaise } = taxOf(net, taxKindOf(account, settings.seller))
  return {
    subscriptionId,
    gatewayId: row.gateway_subscription_id,
    plan: { planId: terms.plan_id, period: terms.period, amountPaise },
    nextChargeAt: new Date(row.current_period_end),
  }
}

/**
 * Has the gateway charge what is wanted from the next period on. Where the method of payment allows no change, or the period
 * is another one, a new mandate is made that the customer has to authorize. Doing it again is fine.
 *
 * @throws PlatformError UNAVAILABLE
 */
export async function updateAtGateway(
  gateway: PaymentGateway,
  commit: Parameters<typeof gatewayPlanOf>[1],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<MandateUpdate> {
  const { plan, gatewayId, nextChargeAt } = wanted
  if (plan.amountPaise === 0 || plan.amountPaise > mandateLimitPaise) return { wanted, outcome: 'impossible' }
  const planId = await gatewayPlanOf(gateway, commit, plan, signal)
  const now = await gateway.fetchSubscription(gatewayId, signal)
  if (!isEnd(now.status) && isNear(now.chargeAt, nextChargeAt)) {
    try {
      const when = now.currentEnd === null ? 'now' : 'period-end'
      await gateway.updateSubscription(gatewayId, { planId, when }, signal)
      return { wanted, outcome: 'updated' }
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (now.planId === planId) return { wanted, outcome: 'updated' }
    }
  }
  const mandate = await gateway.createSubscription(
    {
      planId,
      totalCount: chargesOf[plan.period],
      startAt: nextChargeAt,
      upfront: null,
      notes: { subscription_id: wanted.subscriptionId },
    },
    signal,
  )
  return { wanted, outcome: 'remade', mandate }
}

function isNear(one: Date | null, other: Date): boolean {
  return one === null || (one > addDays(other, -toleranceDays) && one < addDays(other, toleranceDays))
}

/** Writes down what was done, unless something else is wanted by now. The caller holds the lock of the account. */
export async function recordUpdate(
  effects: BillingEffects,
  orgId: string,
  update: MandateUpdate,
): Promise<SubscriptionRow | null> {
  const { sql, now, enqueue, audit } = effects
  const { wanted, outcome } = update
  const row = await findSubscription(sql, orgId, wanted.subscriptionId)
  if (!row || row.ended_at !== null || row.gateway_subscription_id !== wanted.gatewayId) return null
  audit('mandate.updated', { targetId: row.id, details: { outcome, amount_paise: wanted.plan.amountPaise } })
  if (outcome === 'updated') return row
  const released = await releaseMandate(effects, row)
  if (update.outcome !== 'remade') return saveSubscription(effects, row, released)
  const { mandate } = update
  const template = { template: 'authorize-mandate', subscription_id: row.id, occasion: mandate.id } as const
  await enqueue(sendBillingMail, template)
  return saveSubscription(effects, row, {
    ...released,
    ...{ collection: 'mandate', gateway_subscription_id: mandate.id, gateway_short_url: mandate.shortUrl },
    ...{ gateway_status: mandate.status, gateway_status_at: now.toISOString(), gateway_paid_count: 0 },
    billing_day: dayOfMonth(wanted.nextChargeAt),
  })
}
