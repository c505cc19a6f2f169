import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { usableCoupon } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import type { OrderRow } from '../orders/rows.ts'
import { openCredit } from '../quotes/credit.ts'
import { findLive, findSubscription, paidSpan, type SubscriptionRow } from './rows.ts'

/**
 * Why what an order buys can't be given any more, in words for its customer; null when it can. The caller holds the lock of
 * the account.
 * @param paidAt when its payment was made
 */
export async function whyNotHeld(
  effects: BillingEffects,
  order: OrderRow,
  paidAt = effects.now,
): Promise<string | null> {
  const { sql } = effects
  if (order.subscription_id === null) return null
  const row = await findSubscription(sql, order.org_id, order.subscription_id)
  if (!row) return 'What was ordered is gone'
  if (order.collection === 'mandate') return whyChargedInVain(sql, row, order, paidAt)
  const live = await findLive(sql, order.org_id)
  if (live && live.id !== row.id) return 'Another subscription has begun'
  return whyUnfit(row, order) ?? (await whyDearer(effects, order))
}

/**
 * What a mandate charges is given, but for a first charge that somebody has authorized before the mandate was ended at the
 * gateway, and after the subscription had been begun otherwise or had ended.
 */
async function whyChargedInVain(sql: Sql, row: SubscriptionRow, order: OrderRow, paidAt: Date): Promise<string | null> {
  if (order.kind !== 'start') return null
  const [begun] = await sql`
    select 1 from orders
    where subscription_id = ${row.id} and id <> ${order.id} and kind = 'start' and fulfilled_at is not null`
  if (begun) return 'The subscription had begun already'
  if (row.ended_at === null || paidAt <= new Date(row.ended_at)) return null
  if (row.status !== 'expired') return 'What was ordered has ended'
  return (await findLive(sql, order.org_id)) ? 'Another subscription has begun' : null
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
