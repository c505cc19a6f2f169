import { AppError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { holdCoupon } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import type { OrderKind, Quote } from '../quotes/quote.ts'
import { findLive } from './rows.ts'
import { insertSubscription, saveSubscription } from './save.ts'

export interface Begun {
  subscriptionId: string
  kind: OrderKind
  /** What the order is for, ISO 8601. */
  periodStart: string
  periodEnd: string
}

/**
 * Makes what an order is about to pay for: a subscription that is `incomplete` until then, unless it renews or changes the
 * running one; and holds its coupon. The order is written by the caller, who holds the lock of the account.
 *
 * @param of.quote made in this transaction
 * @throws AppError CONFLICT when the quote doesn't hold any more, VALIDATION_ERROR when the coupon is gone
 */
export async function beginByOrder(
  effects: BillingEffects,
  of: { orgId: string; orderId: string; quote: Quote; createdBy: string | null },
): Promise<Begun> {
  const { orgId, orderId, quote, createdBy } = of
  const live = await findLive(effects.sql, orgId)
  if ((live?.id ?? null) !== quote.subscription_id) throw new AppError('CONFLICT', 'The subscription has changed')
  if (quote.coupon_code) await holdCoupon(effects.sql, { orgId, code: quote.coupon_code, orderId })
  const { plan_id, period, seats } = quote
  const terms = { plan_id, period, seats, period_paise: quote.price.net_paise }
  const subscription =
    live ??
    (await insertSubscription(effects, {
      id: newId(),
      org_id: orgId,
      collection: 'order',
      coupon_code: null,
      created_by: createdBy,
      ...terms,
    }))
  if (live?.status === 'incomplete' && live.collection === 'order') await saveSubscription(effects, live, terms)
  return {
    subscriptionId: subscription.id,
    kind: quote.kind,
    periodStart: quote.period_start,
    periodEnd: quote.period_end,
  }
}
