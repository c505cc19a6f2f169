import type { Sql } from '../../sql.ts'
import { holdCoupon, releaseUnused } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import { updateMandate } from '../messages.ts'
import type { OrderRow } from '../orders/rows.ts'
import { addMonths, calendarMonths, dayOfMonth, endOfPeriod, type Span } from '../proration/days.ts'
import { couponOf, lasting } from '../quotes/quote.ts'
import { releaseMandate } from './end.ts'
import { findSubscription, paidSpan, type SubscriptionRow, type Terms } from './rows.ts'
import { saveSubscription } from './save.ts'
import { addDays, isAuthorized } from './state.ts'

/**
 * Gives what a paid order has bought: a period, or better terms for the running one. When it was paid counts, not when that
 * became known. Called once for each order, by its fulfilment.
 */
export async function orderPaid(effects: BillingEffects, order: OrderRow): Promise<void> {
  const { sql } = effects
  if (order.subscription_id === null) return
  const row = await findSubscription(sql, order.org_id, order.subscription_id)
  if (!row) throw new Error('the subscription of an order is in another scope')
  if (order.coupon_code) {
    await holdCoupon(sql, { orgId: order.org_id, code: order.coupon_code, orderId: order.id })
  }
  await releaseUnused(sql, order.org_id)
  const paidAt = await momentOfPayment(sql, order)
  const changes = order.kind === 'change' ? await changed(effects, row, order) : await paid(effects, row, order, paidAt)
  await saveSubscription(effects, row, { ...changes, ...(await collected(effects, row, order)) })
}

/** The agreed terms hold from now on; of another length, also their period. */
async function changed({ sql }: BillingEffects, row: SubscriptionRow, order: OrderRow) {
  const span = spanOf(order)
  const isNewPeriod = span.start > new Date(row.current_period_start ?? 0) && order.period !== row.period
  return {
    ...termsOf(order),
    period_paise: await agreedPaise(sql, order, row),
    next_change: null,
    ...(isNewPeriod && { ...spanFields(span), billing_day: dayOfMonth(span.start) }),
  }
}

async function paid(effects: BillingEffects, row: SubscriptionRow, order: OrderRow, paidAt: Date) {
  const { sql } = effects
  const known = paidSpan(row)
  const span = order.collection === 'mandate' ? spanOf(order) : boughtSpan(effects, row, order, paidAt)
  await noteCycle(sql, row, order, span)
  const startedAt = earlier(row.started_at, span.start)
  // News of an earlier charge than is known: it is booked, and changes nothing else.
  if (known && span.end <= known.end) return { started_at: startedAt }
  const lastingCode = lasting(await couponOf(sql, row), order)?.code ?? null
  return {
    ...termsOf(order),
    ...spanFields(span),
    period_paise: await agreedPaise(sql, order, row),
    coupon_code: order.kind === 'start' ? order.coupon_code : lastingCode,
    // A mandate's is where its own charges begin.
    billing_day: order.cycle === 0 && order.collection === 'mandate' ? row.billing_day : billingDayOf(row, span.start),
    next_change: order.collection === 'mandate' && !isChangeTo(row, order) ? row.next_change : null,
    started_at: startedAt,
    ...(order.collection === 'checkout' && { cancel_at_period_end: false }),
  }
}

/** The day on which periods begin stays while they follow one another, also where a month is too short for it. */
function billingDayOf(row: SubscriptionRow, start: Date): number {
  const base = paidSpan(row)?.end ?? start
  const day = row.billing_day
  const follows = day !== null && addMonths(base, calendarMonths(base, start), day).getTime() === start.getTime()
  return follows ? day : dayOfMonth(start)
}

function isChangeTo({ next_change }: SubscriptionRow, order: OrderRow): boolean {
  return next_change !== null && isSame(next_change, order)
}

function earlier(known: string | null, at: Date): string {
  return known !== null && new Date(known) <= at ? known : at.toISOString()
}

/** What an order that a customer pays is for: right after what is paid already, or from the payment on. */
function boughtSpan({ settings }: BillingEffects, row: SubscriptionRow, order: OrderRow, paidAt: Date): Span {
  const known = paidSpan(row)
  if (known && paidAt <= addDays(known.end, settings.graceDays)) {
    return { start: known.end, end: endOfPeriod(known.end, order.period, row.billing_day ?? dayOfMonth(known.end)) }
  }
  const trialEnd = row.trial_ends_at === null ? null : new Date(row.trial_ends_at)
  const start = !known && trialEnd && trialEnd > paidAt && order.plan_id === row.plan_id ? trialEnd : paidAt
  return { start, end: endOfPeriod(start, order.period, dayOfMonth(start)) }
}

/** Whoever pays by order has no use for a mandate that doesn't work; a working one is to charge what was agreed. */
async function collected(effects: BillingEffects, row: SubscriptionRow, order: OrderRow) {
  if (order.collection === 'mandate') return {}
  if (row.collection !== 'mandate') return { collection: 'order' as const }
  if (order.kind === 'change' && isAuthorized(row)) {
    await effects.enqueue(updateMandate, { subscription_id: row.id })
    return {}
  }
  return { ...(await releaseMandate(effects, row)), collection: 'order' as const }
}

/** Each period is paid once: its number is kept with the order that paid it, whoever collected it. */
async function noteCycle(sql: Sql, row: SubscriptionRow, order: OrderRow, span: Span): Promise<void> {
  if (order.cycle === null) {
    const [zero] = await sql<{ period_start: string }[]>`
      select period_start from orders where subscription_id = ${row.id} and cycle = 0`
    const first = zero ? new Date(zero.period_start) : span.start
    const cycle = Math.max(0, calendarMonths(first, span.start))
    await sql`
      update orders set cycle = ${cycle}
      where id = ${order.id}
        and not exists (select 1 from orders where subscription_id = ${row.id} and cycle = ${cycle})`
  }
  await sql`
    update orders set period_start = ${span.start}, period_end = ${span.end} where id = ${order.id}`
}

/** The gateway says when a payment was made; what costs nothing is paid when it is ordered. */
async function momentOfPayment(sql: Sql, order: OrderRow): Promise<Date> {
  const [payment] = await sql<{ created_at: string }[]>`
    select created_at from payments where id = ${order.payment_id}`
  return new Date(payment?.created_at ?? order.created_at)
}

/** What a whole period of the order's terms costs: as agreed, else by the price that held when it was made. */
async function agreedPaise(sql: Sql, order: OrderRow, row: SubscriptionRow): Promise<number> {
  if (order.collection === 'mandate') {
    const agreed = [row.next_change, row].find((terms) => terms && isSame(terms, order))
    if (agreed) return agreed.period_paise
  }
  const [price] = await sql<{ net_paise: number }[]>`
    select (base_paise + greatest(0, ${order.seats}::int - included_seats) * seat_paise)::bigint as net_paise
    from plan_prices
    where plan_id = ${order.plan_id} and period = ${order.period} and valid_from <= ${order.created_at}
    order by valid_from desc limit 1`
  return price?.net_paise ?? row.period_paise
}

function isSame(one: Terms, other: Terms): boolean {
  return one.plan_id === other.plan_id && one.period === other.period && one.seats === other.seats
}

function termsOf({ plan_id, period, seats }: OrderRow): Terms {
  return { plan_id, period, seats }
}

function spanOf(order: OrderRow): Span {
  return { start: new Date(order.period_start!), end: new Date(order.period_end!) }
}

function spanFields({ start, end }: Span) {
  return { current_period_start: start.toISOString(), current_period_end: end.toISOString() }
}
