import { AppError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { holdCoupon } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import type { SubscriptionSnapshot } from '../gateway.ts'
import { endMandate } from '../messages.ts'
import { insertOrder } from '../orders/insert.ts'
import { dayOfMonth, endOfPeriod, type Span } from '../proration/days.ts'
import { mandateLimitPaise, type Quote } from '../quotes/quote.ts'
import { findLive, type SubscriptionRow } from './rows.ts'
import { insertSubscription, saveSubscription } from './save.ts'
import { mergeNews } from './state.ts'

/** Charges that a mandate allows: ten years of them. */
export const chargesOf = { month: 120, year: 10 } as const

/** What a mandate is to charge first, and when its own charges begin. */
export interface FirstCharge {
  /** What the first charge pays for. */
  span: Span
  startAt: Date
  /** Charged when it is authorized; null: nothing before `startAt`. */
  upfrontPaise: number | null
}

/**
 * How a mandate for an offer begins. The first period is charged when it is authorized, by which a coupon for it alone needs
 * nothing of the gateway; in a trial the first charge is at its end.
 *
 * @throws AppError CONFLICT where there is nothing to begin, VALIDATION_ERROR where a mandate isn't possible
 */
export function firstCharge(quote: Quote, live: SubscriptionRow | null, at: Date): FirstCharge {
  if (quote.kind !== 'start') throw new AppError('CONFLICT', 'There is a subscription already: change it instead')
  if (!quote.mandate_possible) {
    throw refuse(
      'body.plan_id',
      `Mandates are for periods of up to ₹${mandateLimitPaise / 100} with tax; pay this one by POST /v1/billing/orders`,
    )
  }
  const trialEnd = live?.trial_ends_at ? new Date(live.trial_ends_at) : null
  if (trialEnd && trialEnd > at) {
    if (quote.total_paise !== quote.renewal_paise) {
      throw refuse('body.coupon_code', 'A coupon for the first period can’t be used with a mandate in a trial')
    }
    const end = endOfPeriod(trialEnd, quote.period, dayOfMonth(trialEnd))
    return { span: { start: trialEnd, end }, startAt: trialEnd, upfrontPaise: null }
  }
  if (quote.total_paise === 0) {
    throw refuse('body.coupon_code', 'The first period costs nothing: order it by POST /v1/billing/orders')
  }
  const span = { start: new Date(quote.period_start), end: new Date(quote.period_end) }
  return { span, startAt: span.end, upfrontPaise: quote.total_paise }
}

/**
 * Makes a subscription that a mandate of the gateway is to pay, `incomplete` until it is authorized and its first charge is
 * known; and the order of that charge. An earlier attempt is replaced. The caller holds the lock of the account.
 *
 * @param of.quote made in this transaction
 */
export async function beginByMandate(
  effects: BillingEffects,
  of: { orgId: string; quote: Quote; first: FirstCharge; mandate: SubscriptionSnapshot; createdBy: string | null },
): Promise<SubscriptionRow> {
  const { sql, now } = effects
  const { orgId, quote, first, mandate, createdBy } = of
  const live = await findLive(sql, orgId)
  const { plan_id, period, seats } = quote
  const row =
    live ??
    (await insertSubscription(effects, {
      ...{ id: newId(), org_id: orgId, plan_id, period, seats, period_paise: quote.price.net_paise },
      ...{ collection: 'mandate', coupon_code: null, created_by: createdBy },
    }))
  await sql`
    update orders set cycle = null, status = 'cancelled', updated_at = ${now}
    where subscription_id = ${row.id} and cycle = 0 and fulfilled_at is null`
  const order = await insertOrder(effects, {
    ...{ id: newId(), org_id: orgId, subscription_id: row.id, kind: 'start', collection: 'mandate' },
    ...{ plan_id, period, seats, period_start: first.span.start, period_end: first.span.end, cycle: 0 },
    ...{ lines: quote.lines, net_paise: quote.net_paise, cgst_paise: quote.cgst_paise, sgst_paise: quote.sgst_paise },
    ...{ igst_paise: quote.igst_paise, total_paise: quote.total_paise, coupon_code: quote.coupon_code },
    ...{ gateway_order_id: null, created_by: createdBy },
  })
  if (!order) throw new Error('a subscription without payment has a paid order')
  if (quote.coupon_code) await holdCoupon(sql, { orgId, code: quote.coupon_code, orderId: order.id })
  const replaced = row.gateway_subscription_id
  if (replaced) await effects.enqueue(endMandate, { gateway_subscription_id: replaced })
  const { gateway_status, gateway_status_at, gateway_short_url } = mergeNews(noNews, mandate, now)
  return saveSubscription(effects, row, {
    // A trial goes on as it is until the first charge.
    ...(row.status === 'incomplete' && { plan_id, period, seats, period_paise: quote.price.net_paise }),
    ...{ collection: 'mandate', coupon_code: quote.coupon_code, billing_day: dayOfMonth(first.startAt) },
    ...{ gateway_subscription_id: mandate.id, gateway_status, gateway_status_at, gateway_short_url },
    ...{ gateway_paid_count: 0, gateway_paused_at: null },
    replaced_gateway_ids: replaced ? [...row.replaced_gateway_ids, replaced] : row.replaced_gateway_ids,
  })
}

const noNews = {
  ...{ gateway_status: null, gateway_status_at: null, gateway_paid_count: 0, gateway_paused_at: null },
  gateway_short_url: null,
}

function refuse(field: string, message: string): AppError {
  return new AppError('VALIDATION_ERROR', message, [{ field, message }])
}
