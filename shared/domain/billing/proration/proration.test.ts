import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addMonths, calendarMonths, dayNumber, dayOfMonth, endOfPeriod, type Period } from './days.ts'
import { daysLeft, partsOf, restOf } from './prorate.ts'

const india = (text: string) => new Date(`${text}+05:30`)
const paise = fc.integer({ min: 0, max: 1_000_000_000 })
const moment = fc.date({ min: new Date('2024-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
const period = fc.constantFrom<Period>('month', 'year')
/** A period as they are made, and a moment in it. */
const within = fc.tuple(moment, period, fc.double({ min: 0, max: 1, noNaN: true })).map(([start, length, share]) => {
  const end = endOfPeriod(start, length, dayOfMonth(start))
  return { span: { start, end }, at: new Date(start.getTime() + Math.floor(share * (end.getTime() - start.getTime()))) }
})

describe('periods, by the calendar of India', () => {
  test.each([
    ['2027-01-31T10:00', 1, 31, '2027-02-28T10:00'],
    ['2027-02-28T10:00', 1, 31, '2027-03-31T10:00'],
    ['2028-01-31T10:00', 1, 31, '2028-02-29T10:00'],
    ['2028-02-29T00:00', 12, 29, '2029-02-28T00:00'],
    ['2031-02-28T00:00', 12, 29, '2032-02-29T00:00'],
    ['2027-03-31T23:59', 1, 31, '2027-04-30T23:59'],
    ['2026-12-31T00:30', 1, 31, '2027-01-31T00:30'],
    ['2027-03-31T02:00', 12, 31, '2028-03-31T02:00'],
  ])('begun on %s and %i months long, on day %i, end on %s', (start, months, day, end) => {
    expect(addMonths(india(start), months, day)).toEqual(india(end))
  })

  test('a day of India is over at half past six in the evening of UTC, also at the end of the financial year', () => {
    const last = new Date('2027-03-31T18:29:59.999Z')
    const first = new Date('2027-03-31T18:30:00Z')
    expect(dayOfMonth(last)).toBe(31)
    expect(dayOfMonth(first)).toBe(1)
    expect(dayNumber(first) - dayNumber(last)).toBe(1)
  })

  test('follow one another without gap, and lead back to where they began', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 130 }), (first, count) => {
        const day = dayOfMonth(first)
        const oneByOne = Array.from({ length: count }).reduce<Date>((at) => addMonths(at, 1, day), first)
        expect(oneByOne).toEqual(addMonths(first, count, day))
        expect(addMonths(oneByOne, -count, day)).toEqual(first)
        expect(calendarMonths(first, oneByOne)).toBe(count)
      }),
    )
  })

  test('are of 28 to 31 days, years of 365 or 366', () => {
    fc.assert(
      fc.property(moment, (start) => {
        const days = (length: Period) => dayNumber(endOfPeriod(start, length, dayOfMonth(start))) - dayNumber(start)
        expect([28, 29, 30, 31]).toContain(days('month'))
        expect([365, 366]).toContain(days('year'))
      }),
    )
  })
})

describe('parts of a period', () => {
  test.each([
    // A month of 31 days from the 15th: on the 31st 15 days are left, on the first of April 14.
    ['2027-03-15T10:00', '2027-04-15T10:00', '2027-03-31T23:59:59', 15, 31],
    ['2027-03-15T10:00', '2027-04-15T10:00', '2027-04-01T00:00', 14, 31],
    ['2028-02-15T10:00', '2028-03-15T10:00', '2028-02-29T12:00', 15, 29],
    ['2027-02-15T10:00', '2027-03-15T10:00', '2027-02-28T12:00', 15, 28],
    ['2027-01-31T10:00', '2027-02-28T10:00', '2027-01-31T11:00', 28, 28],
    ['2027-01-31T10:00', '2027-02-28T10:00', '2027-02-27T23:00', 1, 28],
    ['2027-01-31T10:00', '2027-02-28T10:00', '2027-02-28T09:00', 0, 28],
    ['2028-02-29T10:00', '2029-02-28T10:00', '2028-03-01T00:00', 364, 365],
  ])('of %s to %s at %s: %i of %i days', (start, end, at, left, total) => {
    expect(daysLeft({ start: india(start), end: india(end) }, india(at))).toEqual({ left, total })
  })

  test('are never more than the whole nor less than nothing, all of it on its first day and nothing from its last on', () => {
    fc.assert(
      fc.property(paise, within, (price, { span, at }) => {
        const rest = restOf(price, span, at)
        expect(Number.isSafeInteger(rest)).toBe(true)
        expect(rest).toBeGreaterThanOrEqual(0)
        expect(rest).toBeLessThanOrEqual(price)
        expect(restOf(price, span, span.start)).toBe(price)
        expect(restOf(price, span, span.end)).toBe(0)
      }),
    )
  })

  test('only shrink as time goes on', () => {
    fc.assert(
      fc.property(paise, within, moment, (price, { span, at }, other) => {
        const [early, late] = at < other ? [at, other] : [other, at]
        expect(restOf(price, span, early!)).toBeGreaterThanOrEqual(restOf(price, span, late!))
      }),
    )
  })

  test('sum to the whole, wherever it is cut', () => {
    fc.assert(
      fc.property(paise, within, fc.array(moment, { maxLength: 8 }), (price, { span }, cuts) => {
        const parts = partsOf(
          price,
          span,
          cuts.toSorted((a, b) => a.getTime() - b.getTime()),
        )
        expect(parts).toHaveLength(cuts.length + 1)
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(price)
        expect(parts.every((part) => part >= 0)).toBe(true)
      }),
    )
  })

  test('are exact for amounts that floating point can’t multiply', () => {
    const span = { start: india('2027-01-01T00:00'), end: india('2028-01-01T00:00') }
    expect(restOf(9_007_199_254_740_991, span, india('2027-01-02T00:00'))).toBe(8_982_521_996_508_824)
  })
})
