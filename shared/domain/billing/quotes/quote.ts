import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import type { BillingAccount } from '../accounts/lock.ts'
import { type Price, priceOf } from '../catalogue/plans.ts'
import { type Coupon, discountOf, findCoupon, usableCoupon } from '../coupons/coupons.ts'
import type { BillingSettings } from '../effects.ts'
import { refuseUnderContract } from '../entitlements/contract.ts'
import { dayOfMonth, endOfPeriod, type Period, type Span } from '../proration/days.ts'
import { findLive, paidSpan, type SubscriptionRow, type Terms } from '../subscriptions/rows.ts'
import { taxKindOf, taxOf } from '../tax/gst.ts'
import { changeCost, line, type QuoteLine } from './change.ts'
import { openCredit } from './credit.ts'

export type OrderKind = 'start' | 'renewal' | 'change'

/** Mandates for more, with tax, need the customer's approval of each charge (RBI); such plans are paid by order. */
export const mandateLimitPaise = 15_000_00

/** So long before its end a period can be renewed by an order. */
const renewalDays = 30

export interface QuoteRequest {
  orgId: string
  account: BillingAccount
  settings: BillingSettings
  /** What it is expected to be; absent: whatever buying this means now. */
  kind?: OrderKind
  planId: string
  period: Period
  seats: number
  couponCode: string | null
  at: Date
}

/** What something costs; as an order and its invoice have it. Amounts are paise. */
export interface Quote extends Terms {
  kind: OrderKind
  /** The subscription that it renews or changes; null: it begins one. */
  subscription_id: string | null
  /** What the order pays for, ISO 8601; a start's moves to when it is paid. */
  period_start: string
  period_end: string
  price: Price
  /** Without tax; their sum is `net_paise`. */
  lines: QuoteLine[]
  net_paise: number
  cgst_paise: number
  sgst_paise: number
  igst_paise: number
  /** Of the invoice. */
  total_paise: number
  /** What of the total credit notes pay. */
  credit_paise: number
  /** What is left for the customer to pay: the amount at the gateway. */
  due_paise: number
  /** Redeemed with this order, or given to the subscription for good. */
  coupon_code: string | null
  /** What each later period costs with tax and discount. */
  renewal_paise: number
  /** Whether a mandate may charge that. */
  mandate_possible: boolean
}

/**
 * What it costs to begin a plan, to renew the running one, or to change it at once; which of these it is follows from the
 * organization's subscription. Nothing is written.
 *
 * @throws AppError NOT_FOUND for a plan that isn't sold, VALIDATION_ERROR for seats or a coupon that can't be had, CONFLICT
 *   where there is nothing to pay now: it runs on by itself, it costs less and is a matter of change-subscription, or a
 *   contract holds and nothing is begun beside it
 */
export async function quote(sql: Sql, request: QuoteRequest): Promise<Quote> {
  const { orgId, account, settings, at } = request
  const price = await priceOf(sql, { planId: request.planId, period: request.period, seats: request.seats, at })
  const seats = Math.max(request.seats, price.included_seats)
  const terms: Terms = { plan_id: request.planId, period: request.period, seats }
  const live = await findLive(sql, orgId)
  const kind = kindOf(live, terms)
  if (request.kind !== undefined && request.kind !== kind) throw new AppError('CONFLICT', `This would be a ${kind}`)
  if (kind === 'start') await refuseUnderContract(sql, { orgId, at })
  if (kind !== 'start' && request.couponCode !== null) throw couponAtStart()

  const coupon =
    kind === 'start'
      ? request.couponCode && (await usableCoupon(sql, { orgId, code: request.couponCode, planId: terms.plan_id, at }))
      : await couponOf(sql, live!)
  const { lines, net, span } =
    kind === 'change'
      ? await priceChange(sql, live!, terms, price, coupon || null, at)
      : pricePeriod(
          price,
          kind === 'start' ? coupon || null : lasting(coupon || null, terms),
          spanOf(live, kind, terms, at),
        )

  const taxKind = taxKindOf(account, settings.seller)
  const tax = taxOf(net, taxKind)
  const credit = Math.min(await openCredit(sql, orgId), tax.total_paise)
  const renewal = price.net_paise - discountOf(lasting(coupon || null, terms), price.net_paise)
  const renewalPaise = taxOf(renewal, taxKind).total_paise
  return {
    kind,
    ...terms,
    subscription_id: live?.id ?? null,
    period_start: span.start.toISOString(),
    period_end: span.end.toISOString(),
    price,
    lines,
    net_paise: net,
    cgst_paise: tax.cgst_paise,
    sgst_paise: tax.sgst_paise,
    igst_paise: tax.igst_paise,
    total_paise: tax.total_paise,
    credit_paise: credit,
    due_paise: tax.total_paise - credit,
    coupon_code: (kind === 'start' && coupon && coupon.code) || null,
    renewal_paise: renewalPaise,
    mandate_possible: renewalPaise > 0 && renewalPaise <= mandateLimitPaise,
  }
}

/** Whether two quotes ask the same of the customer for the same; an order stands on the later one of them. */
export function isSameOffer(one: Quote, other: Quote): boolean {
  return offerKeys.every((key) => one[key] === other[key])
}
const offerKeys = [
  'kind',
  'subscription_id',
  'plan_id',
  'period',
  'seats',
  'net_paise',
  'total_paise',
  'due_paise',
  'coupon_code',
] as const

/** What buying these terms means for an organization. */
function kindOf(live: SubscriptionRow | null, terms: Terms): OrderKind {
  if (!live || live.status === 'incomplete' || live.status === 'trialing') return 'start'
  if (live.status === 'paused') throw new AppError('CONFLICT', 'The subscription is paused: resume it first')
  // A period that is over is renewed on whatever terms.
  if (live.status === 'past_due' || live.status === 'halted') return 'renewal'
  return isSameTerms(live.next_change ?? live, terms) ? 'renewal' : 'change'
}

export function isSameTerms(one: Terms, other: Terms): boolean {
  return one.plan_id === other.plan_id && one.period === other.period && one.seats === other.seats
}

/** @throws AppError CONFLICT where it is too early to renew */
function spanOf(live: SubscriptionRow | null, kind: OrderKind, terms: Terms, at: Date): Span {
  const paid = live && paidSpan(live)
  if (kind === 'start' || !paid) return spanFrom(at, terms.period, dayOfMonth(at))
  const isActive = live.status === 'active'
  if (isActive && live.collection === 'mandate' && !live.cancel_at_period_end && isAuthorized(live)) {
    throw new AppError('CONFLICT', 'The mandate renews this subscription by itself')
  }
  if (isActive && paid.end.getTime() - at.getTime() > renewalDays * 86_400_000) {
    throw new AppError('CONFLICT', `The subscription is paid until ${live.current_period_end}`)
  }
  if (live.status === 'halted') return spanFrom(at, terms.period, dayOfMonth(at))
  return spanFrom(paid.end, terms.period, live.billing_day ?? dayOfMonth(paid.end))
}

/** A mandate that nobody has authorized charges nothing. */
function isAuthorized({ gateway_status }: SubscriptionRow): boolean {
  return gateway_status !== null && gateway_status !== 'created'
}

function spanFrom(start: Date, period: Period, billingDay: number): Span {
  return { start, end: endOfPeriod(start, period, billingDay) }
}

function pricePeriod(price: Price, coupon: Coupon | null, span: Span) {
  const discount = discountOf(coupon, price.net_paise)
  const lines: QuoteLine[] = [...price.lines]
  if (coupon && discount > 0) lines.push(line(`Coupon ${coupon.code}`, -discount))
  return { lines, net: price.net_paise - discount, span }
}

async function priceChange(
  sql: Sql,
  live: SubscriptionRow,
  terms: Terms,
  price: Price,
  coupon: Coupon | null,
  at: Date,
) {
  const names = await planNames(sql)
  const name = ({ plan_id, seats }: Terms) => `${names.get(plan_id) ?? plan_id}, ${seats} seats`
  const { lines, netPaise, span } = changeCost(
    { name: name(live), period: live.period, periodPaise: live.period_paise },
    { name: name(terms), period: terms.period, periodPaise: price.net_paise },
    paidSpan(live)!,
    coupon,
    at,
  )
  if (netPaise <= 0) {
    throw new AppError('CONFLICT', 'This change costs nothing now: make it by POST /v1/billing/subscription/changes')
  }
  return { lines, net: netPaise, span }
}

export async function planNames(sql: Sql): Promise<Map<string, string>> {
  const plans = await sql<{ id: string; name: string }[]>`select id, name from plans`
  return new Map(plans.map(({ id, name }) => [id, name]))
}

/** The coupon that holds for the running period of a subscription. */
export function couponOf(sql: Sql, live: Pick<SubscriptionRow, 'coupon_code'>): Promise<Coupon | null> {
  return live.coupon_code === null ? Promise.resolve(null) : findCoupon(sql, live.coupon_code)
}

/** A coupon as later periods of these terms have it. */
export function lasting(coupon: Coupon | null, { plan_id }: Pick<Terms, 'plan_id'>): Coupon | null {
  if (coupon?.duration !== 'forever') return null
  return coupon.plan_id === null || coupon.plan_id === plan_id ? coupon : null
}

function couponAtStart(): AppError {
  const message = 'A coupon can be used with the first order alone'
  return new AppError('VALIDATION_ERROR', message, [{ field: 'body.coupon_code', message }])
}
