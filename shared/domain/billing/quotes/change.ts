import { type Coupon, discountOf } from '../coupons/coupons.ts'
import { partOf } from '../money.ts'
import { dayOfMonth, endOfPeriod, formatDay, type Period, type Span } from '../proration/days.ts'
import { daysLeft, restOf } from '../proration/prorate.ts'

/** A line of an order or an invoice: `net_paise` is `quantity × unit_paise`, without tax; below zero for a discount. */
export interface QuoteLine {
  description: string
  quantity: number
  unit_paise: number
  net_paise: number
}

/** A plan with its seats at a price: what a whole period costs without tax and before discounts. */
export interface PricedTerms {
  name: string
  period: Period
  periodPaise: number
}

/** What a change at once costs without tax; below zero it is a credit. */
export interface ChangeCost {
  lines: QuoteLine[]
  netPaise: number
  span: Span
}

/**
 * What it costs to change the running period to other terms now.
 *
 * Terms of the same length: the difference of the prices for the days that are left, rounded once, so it is never more than
 * the difference of a whole period, and the period stays as it is. Terms of another length: a new period begins now, and
 * what is left of the old one counts for it. A coupon of the running period holds for both prices.
 *
 * @param coupon of the running period
 */
export function changeCost(
  from: PricedTerms,
  to: PricedTerms,
  span: Span,
  coupon: Coupon | null,
  at: Date,
): ChangeCost {
  const [old, next] = [from, to].map(({ periodPaise }) => periodPaise - discountOf(coupon, periodPaise)) as [
    number,
    number,
  ]
  const { left, total } = daysLeft(span, at)
  const rest = `${left} of ${total} days, until ${formatDay(span.end)}`
  if (from.period === to.period) {
    const netPaise = partOf(next - old, left, total)
    // Shown as two lines whose sum is the difference as it was rounded: the second takes what the first was rounded by.
    const credit = -restOf(old, span, at)
    const lines = [line(`${to.name}: ${rest}`, netPaise - credit), line(`${from.name}, not used: ${rest}`, credit)]
    return { lines: lines.filter(({ net_paise }) => net_paise !== 0), netPaise, span }
  }
  const credit = -restOf(old, span, at)
  const lines = [line(`${to.name}, per ${to.period}`, next), line(`${from.name}, not used: ${rest}`, credit)]
  return {
    lines: lines.filter(({ net_paise }) => net_paise !== 0),
    netPaise: next + credit,
    span: { start: at, end: endOfPeriod(at, to.period, dayOfMonth(at)) },
  }
}

export function line(description: string, netPaise: number): QuoteLine {
  return { description, quantity: 1, unit_paise: netPaise, net_paise: netPaise }
}
