import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coupon } from '../coupons/coupons.ts'
import { dayOfMonth, endOfPeriod, type Period } from '../proration/days.ts'
import { changeCost, type PricedTerms } from './change.ts'

const india = (text: string) => new Date(`${text}+05:30`)
const month = { start: india('2027-01-15T10:00'), end: india('2027-02-15T10:00') }
const terms = (periodPaise: number, period: Period = 'month'): PricedTerms => ({ name: 'Plan', period, periodPaise })
const coupon = (off: Partial<Coupon>): Coupon => ({
  code: 'SAVE',
  percent_basis_points: null,
  amount_paise: null,
  duration: 'once',
  plan_id: null,
  maximum_redemptions: null,
  redeemed: 0,
  valid_from: '2020-01-01T00:00:00Z',
  valid_until: null,
  ...off,
})

const price = fc.integer({ min: 0, max: 500_000_000 })
const start = fc.date({ min: new Date('2024-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
const anyCoupon = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 1, max: 10_000 }).map((percent_basis_points) => coupon({ percent_basis_points })),
  fc.integer({ min: 1, max: 600_000_000 }).map((amount_paise) => coupon({ amount_paise })),
)
const running = fc
  .tuple(start, fc.constantFrom<Period>('month', 'year'), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([from, period, share]) => {
    const end = endOfPeriod(from, period, dayOfMonth(from))
    const at = new Date(from.getTime() + Math.floor(share * (end.getTime() - from.getTime() - 1)))
    return { span: { start: from, end }, period, at }
  })

describe('a change at once', () => {
  test('costs the difference for the days that are left', () => {
    // The whole difference on the first day, 15 of 31 days on the 31st, nothing on the day that belongs to the next period.
    const cost = (at: string) => changeCost(terms(499_900), terms(1_499_900), month, null, india(at)).netPaise
    expect(cost('2027-01-15T23:00')).toBe(1_000_000)
    expect(cost('2027-01-31T12:00')).toBe(483_871)
    expect(cost('2027-02-14T12:00')).toBe(32_258)
    expect(cost('2027-02-15T09:00')).toBe(0)
  })

  test('to a year begins a new period, for which the rest of the old one counts', () => {
    const at = india('2027-01-31T12:00')
    const { netPaise, span, lines } = changeCost(terms(310_000), terms(4_999_000, 'year'), month, null, at)
    expect(netPaise).toBe(4_999_000 - 150_000)
    expect(span).toEqual({ start: at, end: india('2028-01-31T12:00') })
    expect(lines.map(({ net_paise }) => net_paise)).toEqual([4_999_000, -150_000])
  })

  test('never costs more than the difference of whole periods, nor less than nothing where the new price is higher', () => {
    fc.assert(
      fc.property(price, price, running, anyCoupon, (one, other, { span, period, at }, discount) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        const up = changeCost(terms(low, period), terms(high, period), span, discount, at).netPaise
        const down = changeCost(terms(high, period), terms(low, period), span, discount, at).netPaise
        expect(up).toBeGreaterThanOrEqual(0)
        expect(up).toBeLessThanOrEqual(high - low)
        // There and back on the same day costs nothing.
        expect(up + down).toBe(0)
      }),
    )
  })

  test('has lines whose sum is its cost', () => {
    fc.assert(
      fc.property(
        price,
        price,
        running,
        fc.boolean(),
        anyCoupon,
        (one, other, { span, period, at }, same, discount) => {
          const to = terms(other, same ? period : period === 'month' ? 'year' : 'month')
          const { lines, netPaise } = changeCost(terms(one, period), to, span, discount, at)
          expect(lines.reduce((sum, { net_paise }) => sum + net_paise, 0)).toBe(netPaise)
          expect(lines.every((line) => line.net_paise === line.quantity * line.unit_paise)).toBe(true)
        },
      ),
    )
  })

  test('in steps on one day costs what it costs at once, to a paisa for each step', () => {
    fc.assert(
      fc.property(fc.array(price, { minLength: 2, maxLength: 6 }), running, (prices, { span, period, at }) => {
        const cost = (from: number, to: number) => changeCost(terms(from, period), terms(to, period), span, null, at)
        const steps = prices.slice(1).map((to, index) => cost(prices[index]!, to).netPaise)
        const sum = steps.reduce((total, paise) => total + paise, 0)
        expect(Math.abs(sum - cost(prices[0]!, prices.at(-1)!).netPaise)).toBeLessThanOrEqual(steps.length)
      }),
    )
  })

  test('is cheaper by the coupon of the running period', () => {
    const half = coupon({ percent_basis_points: 5_000 })
    expect(changeCost(terms(100_000), terms(200_000), month, half, month.start).netPaise).toBe(50_000)
    // An amount has been taken off the old price already.
    const fixed = coupon({ amount_paise: 30_000 })
    expect(changeCost(terms(100_000), terms(200_000), month, fixed, month.start).netPaise).toBe(100_000)
  })
})
