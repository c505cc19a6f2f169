import { AppError } from '../../errors.ts'
import { usableCoupon } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import type { OrderRow } from '../orders/rows.ts'
import { openCredit } from '../quotes/credit.ts'
import { findLive, findSubscription, paidSpan, type SubscriptionRow } from './rows.ts'

/**
 * Why what an order buys can't be given any more, in words for its customer; null when it can. What a mandate has charged is
 * always given. The caller holds the lock of the account.
 */
export async function whyNotHeld(effects: BillingEffects, order: OrderRow): Promise<string | null> {
  const { sql } = effects
  if (order.collection === 'mandate' || order.subscription_id === null) return null
  const row = await findSubscription(sql, order.org_id, order.subscription_id)
  if (!row) return 'What was ordered is gone'
  const live = await findLive(sql, order.org_id)
  if (live && live.id !== row.id) return 'Another subscription has begun'
  return whyUnfit(row, order) ?? (await whyDearer(effects, order))
}

/** Whether the subscription is still as the order found it. */
function whyUnfit(row: SubscriptionRow, order: OrderRow): string | null {
  const known = paidSpan(row)
  if (order.kind === 'start') {
    if (known) return 'The subscription had begun already'
    return row.ended_at === null || row.status === 'expired' ? null : 'What was ordered has ended'
  }
  if (row.ended_at !== null || !known) return 'What was ordered has ended'
  const start = new Date(order.period_start!)
  if (order.kind === 'renewal') return known.end > start ? 'The period had been paid already' : null
  const isSamePeriod = order.period === row.period
  const holds = isSamePeriod
    ? known.end.getTime() === new Date(order.period_end!).getTime()
    : known.start <= start && start < known.end
  return holds ? null : 'The period that was to be changed is over'
}

/** Whether what was taken off its price is still there. */
async function whyDearer({ sql }: BillingEffects, order: OrderRow): Promise<string | null> {
  if (order.credit_paise > 0 && (await openCredit(sql, order.org_id, order.id)) < order.credit_paise) {
    return 'The credit that was to pay a part of it was used elsewhere'
  }
  if (order.coupon_code === null) return null
  try {
    const coupon = { orgId: order.org_id, code: order.coupon_code, planId: order.plan_id }
    await usableCoupon(sql, { ...coupon, at: new Date(order.created_at) })
    return null
  } catch (error) {
    if (error instanceof AppError) return 'Its coupon was used elsewhere'
    throw error
  }
}
