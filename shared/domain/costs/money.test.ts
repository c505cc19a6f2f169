import { expect, test } from 'vitest'
import { Random } from '../../../tests/faults/random.ts'
import { defaultBudget, formatDollars, maximumMicrodollars, parseDollars } from './money.ts'
import { endOfMonth, monthOf } from './months.ts'

test.each([
  ['0', 0],
  ['25', 25_000_000],
  ['12.50', 12_500_000],
  ['0.1', 100_000],
  ['0.000001', 1],
  ['007', 7_000_000],
  // What floating point gets wrong: 1.1 * 1e6 is 1100000.0000000002.
  ['1.1', 1_100_000],
  ['1000000000', maximumMicrodollars],
])('%s dollars are %i microdollars', (text, microdollars) => {
  expect(parseDollars(text)).toBe(microdollars)
})

test.each([
  '',
  ' 1',
  '1 ',
  '-1',
  '+1',
  '.5',
  '1.',
  '1.0000001',
  '1e3',
  '0x10',
  '1,000',
  'NaN',
  '١',
  '1000000000.000001',
  '9'.repeat(40),
])('%j is no amount of dollars', (text) => {
  expect(parseDollars(text)).toBeNull()
})

test('what is written as dollars is read as the same microdollars, for 5,000 amounts', () => {
  const random = new Random(5)
  for (let turn = 0; turn < 5_000; turn++) {
    const amount = random.integer(0, 10 ** random.integer(1, 15))
    expect(parseDollars(formatDollars(amount).slice(1)), String(amount)).toBe(amount)
  }
})

test('dollars have two digits of cents, and more only where it takes them', () => {
  expect([0, 1, 12_500, 3_000_000, 1_234_567, 9_990_000_000].map(formatDollars)).toEqual([
    '$0.00',
    '$0.000001',
    '$0.0125',
    '$3.00',
    '$1.234567',
    '$9990.00',
  ])
})

test('a setting that is no amount of dollars is no budget', () => {
  expect(() => defaultBudget({ MONTHLY_WORKSPACE_BUDGET_USD: 'unlimited' })).toThrow(RangeError)
})

test('a month is of UTC and ends where the next one begins', () => {
  expect(monthOf(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12')
  expect(monthOf(new Date('2027-01-01T00:00:00+05:30'))).toBe('2026-12')
  expect(endOfMonth('2026-12')).toBe('2027-01-01T00:00:00.000Z')
  expect(endOfMonth('2028-02')).toBe('2028-03-01T00:00:00.000Z')
})
