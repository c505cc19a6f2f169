import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import { discountOf } from '../coupons/coupons.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { PaymentSnapshot } from '../gateway.ts'
import { insertOrder } from '../orders/insert.ts'
import { type OrderRow, orderColumns } from '../orders/rows.ts'
import { addMonths, calendarMonths, dayOfMonth, formatDay, monthsIn, type Span } from '../proration/days.ts'
import { line, type QuoteLine } from '../quotes/change.ts'
import { couponOf, lasting, planNames } from '../quotes/quote.ts'
import { splitGross, taxKindOf, taxOf } from '../tax/gst.ts'
import { findByMandate, paidSpan, type SubscriptionRow, type Terms } from './rows.ts'
import { addDays } from './state.ts'

/** So far from where our period begins the gateway may see it begin. */
const toleranceDays = 2
/** What was charged so soon after an end was under way when it came. */
const afterEndDays = 3

export interface ChargeNews {
  gatewaySubscriptionId: string
  payment: PaymentSnapshot
  /** What the gateway bills, where it says so: a charge that comes late belongs to its own period by this alone. */
  billingStart: Date | null
  billingEnd: Date | null
}

/** Terms that a mandate may charge, at what they cost without tax. */
interface Agreed extends Terms {
  period_paise: number
}

/**
 * The order that a charge of a mandate pays: that of its period, made now unless it is there. Which period follows from the
 * charge and from where the subscription's periods begin, so it is the same in whatever order charges become known.
 *
 * @returns null when the organization has no such mandate, or when what was charged is not what was agreed or comes after the
 *   end: that is a difference, which is noted
 */
export async function orderForCharge(
  effects: BillingEffects,
  orgId: string,
  news: ChargeNews,
): Promise<OrderRow | null> {
  const { sql } = effects
  const row = await findByMandate(sql, orgId, news.gatewaySubscriptionId)
  if (!row) return null
  const first = await orderOfCycle(sql, row.id, 0)
  const base = paidSpan(row)?.end ?? new Date(first?.period_end ?? row.created_at)
  const billingDay = row.billing_day ?? dayOfMonth(base)
  const span = periodAt(base, news, monthsIn(row.period), billingDay)
  const anchor = new Date(first?.period_start ?? row.created_at)
  const cycle = Math.max(0, calendarMonths(anchor, span.start))
  const there = await orderOfCycle(sql, row.id, cycle)
  if (there) return there
  // What had expired goes on when it is paid.
  const endedAt = row.status === 'expired' ? null : row.ended_at
  if (endedAt !== null && news.payment.createdAt > addDays(new Date(endedAt), afterEndDays)) {
    return refuse(effects, orgId, news.payment, { kind: 'charge-after-end', expected: endedAt })
  }
  return insertCharge(effects, row, news.payment, { cycle, span })
}

/**
 * The period that a moment belongs to; periods go on from `base` in both directions. Where the gateway says that one begins
 * then, and none of ours does, it has begun anew: after a pause.
 */
function periodAt(base: Date, news: ChargeNews, months: number, billingDay: number): Span {
  const { billingStart, billingEnd } = news
  const at = billingStart ?? news.payment.createdAt
  const startOf = (index: number) => addMonths(base, index * months, billingDay)
  const from = addDays(at, toleranceDays)
  let index = Math.floor(calendarMonths(base, at) / months) - 1
  while (startOf(index + 1) <= from) index++
  const start = startOf(index)
  if (billingStart === null || start >= addDays(at, -toleranceDays)) return { start, end: startOf(index + 1) }
  return { start: at, end: billingEnd ?? addMonths(at, months, dayOfMonth(at)) }
}

async function insertCharge(
  effects: BillingEffects,
  row: SubscriptionRow,
  payment: PaymentSnapshot,
  of: { cycle: number; span: Span },
): Promise<OrderRow | null> {
  const { sql, settings, account } = effects
  const coupon = await couponOf(sql, row)
  const candidates: Agreed[] = row.next_change ? [row.next_change, row] : [row]
  const costs = candidates.map((terms) => {
    const discount = discountOf(lasting(coupon, terms), terms.period_paise)
    return { terms, discount, net: terms.period_paise - discount }
  })
  // The tax treatment may have changed since the mandate was made: it goes on to charge what was agreed then.
  const agreed = costs.find(({ net }) => [net, taxOf(net, 'inter-state').total_paise].includes(payment.amountPaise))
  if (!agreed) {
    const expected = costs.map(({ net }) => taxOf(net, taxKindOf(account, settings.seller)).total_paise)
    return refuse(effects, row.org_id, payment, { kind: 'charge-differs', expected })
  }
  const kind = taxKindOf(account, settings.seller)
  const amounts =
    taxOf(agreed.net, kind).total_paise === payment.amountPaise
      ? { net_paise: agreed.net, ...taxOf(agreed.net, kind) }
      : splitGross(payment.amountPaise, kind)
  const { plan_id, period, seats } = agreed.terms
  const { start } = of.span
  const end =
    period === row.period ? of.span.end : addMonths(start, monthsIn(period), row.billing_day ?? dayOfMonth(start))
  const name = (await planNames(sql)).get(plan_id) ?? plan_id
  const until = formatDay(addDays(end, -1))
  const lines: QuoteLine[] = [
    line(`${name}, ${seats} seats, ${formatDay(start)} to ${until}`, agreed.terms.period_paise),
  ]
  if (agreed.discount > 0) lines.push(line(`Coupon ${row.coupon_code}`, -agreed.discount))
  const rest = amounts.net_paise - agreed.net
  if (rest !== 0) lines.push(line('Adjustment: charged as agreed when the mandate was made', rest))
  return insertOrder(effects, {
    id: newId(),
    org_id: row.org_id,
    subscription_id: row.id,
    kind: of.cycle === 0 ? 'start' : 'renewal',
    collection: 'mandate',
    plan_id,
    period,
    seats,
    period_start: start,
    period_end: end,
    lines,
    net_paise: amounts.net_paise,
    cgst_paise: amounts.cgst_paise,
    sgst_paise: amounts.sgst_paise,
    igst_paise: amounts.igst_paise,
    total_paise: amounts.total_paise,
    coupon_code: null,
    gateway_order_id: null,
    cycle: of.cycle,
    created_by: null,
  })
}

async function orderOfCycle(sql: Sql, subscriptionId: string, cycle: number): Promise<OrderRow | null> {
  const [order] = await sql<OrderRow[]>`
    select ${sql(orderColumns)} from orders where subscription_id = ${subscriptionId} and cycle = ${cycle}`
  return order ?? null
}

async function refuse(
  { sql }: BillingEffects,
  orgId: string,
  payment: PaymentSnapshot,
  of: { kind: string; expected: string | number[] },
): Promise<null> {
  const { id: subject, amountPaise } = payment
  await noteDifference(sql, { orgId, subject, ...of, found: amountPaise, amountPaise })
  return null
}
