import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GatewaySubscriptionStatus, SubscriptionSnapshot } from '../gateway.ts'
import type { SubscriptionRow } from './rows.ts'
import { entitledUntil, mergeNews, stateOf } from './state.ts'

const nothing = {
  gateway_status: null,
  gateway_status_at: null,
  gateway_paid_count: 0,
  gateway_paused_at: null,
  gateway_short_url: null,
} as const

const periodEnd = '2027-02-15T04:30:00.000Z'
const paid: SubscriptionRow = {
  ...nothing,
  ...{ id: 's', org_id: 'o', plan_id: 'team', period: 'month', seats: 5, status: 'active', collection: 'mandate' },
  ...{ period_paise: 499_900, coupon_code: null, trial_ends_at: null, billing_day: 15, cancel_at_period_end: false },
  ...{ current_period_start: '2027-01-15T04:30:00.000Z', current_period_end: periodEnd, next_change: null },
  ...{ grace_until: null, dunning_stage: 0, gateway_subscription_id: 'sub_1', replaced_gateway_ids: [] },
  ...{ started_at: '2027-01-15T04:30:00.000Z', ended_at: null, created_at: '2027-01-15T04:30:00.000Z' },
}

const status = fc.constantFrom<GatewaySubscriptionStatus>(
  ...([
    'created',
    'authenticated',
    'active',
    'pending',
    'halted',
    'paused',
    'cancelled',
    'completed',
    'expired',
  ] as const),
)
const soon = fc
  .integer({ min: 0, max: 60 })
  .map((day) => new Date(Date.parse('2027-01-15T04:30:00Z') + day * 86_400_000))
const piece = fc.record({ status, at: soon, endedAt: fc.option(soon), paidCount: fc.nat(5) })

const snapshot = (of: { status: GatewaySubscriptionStatus; endedAt: Date | null; paidCount: number }) => {
  const ends = ['cancelled', 'completed', 'expired'].includes(of.status)
  const news: SubscriptionSnapshot = {
    ...{ id: 'sub_1', planId: 'plan_1', status: of.status, paidCount: of.paidCount, totalCount: 120 },
    ...{ currentStart: null, currentEnd: null, chargeAt: null, startAt: null, endedAt: ends ? of.endedAt : null },
    ...{ paymentMethod: null, shortUrl: 'https://gateway.example/m', createdAt: new Date('2027-01-15T04:30:00Z') },
  }
  return news
}
type Piece = { status: GatewaySubscriptionStatus; at: Date; endedAt: Date | null; paidCount: number }
const merge = (row: SubscriptionRow, pieces: readonly Piece[]) =>
  pieces.reduce((facts, one) => mergeNews(facts, snapshot(one), one.at), row)

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]]
  return list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map((rest) => [one, ...rest]))
}

describe('news of a mandate', () => {
  test('lead to the same state in each order, and however often they come', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), soon, (pieces, now) => {
        const facts = merge(paid, pieces)
        const expected = { facts, state: stateOf(facts, now, 7) }
        for (const order of permutations(pieces)) {
          const other = merge(paid, [...order, ...order.slice(0, 2)])
          expect({ facts: other, state: stateOf(other, now, 7) }).toEqual(expected)
        }
      }),
    )
  })

  test('that it has ended are believed whatever comes later', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(6), soon, (pieces, at, when) => {
        const end = { status: 'cancelled' as const, at: when, endedAt: when, paidCount: 0 }
        const row = merge(paid, pieces.toSpliced(at, 0, end))
        expect(['cancelled', 'completed']).toContain(row.gateway_status)
        expect(stateOf(row, new Date('2027-01-16T00:00:00Z'), 7).ended_at).not.toBe(null)
      }),
    )
  })
})

describe('the state of a subscription', () => {
  const at = (row: Partial<SubscriptionRow>, now: string) =>
    stateOf({ ...paid, ...row }, new Date(`${now}T04:30:00Z`), 7)
  const byOrder = { collection: 'order', gateway_subscription_id: null } as const

  test.each([
    ['2027-02-14', 'active'],
    ['2027-02-15', 'past_due'],
    ['2027-02-21', 'past_due'],
    ['2027-02-22', 'halted'],
    ['2027-03-23', 'halted'],
    ['2027-03-24', 'expired'],
  ])('that is paid by order is, on %s, %s', (now, expected) => {
    expect(at(byOrder, now).status).toBe(expected)
  })

  test.each([
    ['active', '2027-01-15', '2027-02-15', 'active'],
    ['active', '2027-01-15', '2027-02-16', 'past_due'],
    ['pending', '2027-02-15', '2027-02-15', 'past_due'],
    // About a charge that has been paid since.
    ['pending', '2027-01-15', '2027-01-20', 'active'],
    ['halted', '2027-02-18', '2027-02-18', 'past_due'],
    ['halted', '2027-02-18', '2027-02-22', 'halted'],
    ['paused', '2027-01-20', '2027-04-01', 'paused'],
    // Nobody has authorized it: it charges nothing.
    ['created', '2027-01-15', '2027-02-15', 'past_due'],
  ] as const)('whose mandate is %s since %s is, on %s, %s', (gateway_status, since, now, expected) => {
    const news = { gateway_status, gateway_status_at: `${since}T04:30:00.000Z` }
    expect(
      at({ ...news, gateway_paused_at: gateway_status === 'paused' ? news.gateway_status_at : null }, now).status,
    ).toBe(expected)
  })

  test('without any grace is suspended when it is due', () => {
    expect(stateOf({ ...paid, ...byOrder }, new Date(periodEnd), 0).status).toBe('halted')
  })

  test('entitles to its plan until its end, with grace unless it is cancelled, paused or suspended', () => {
    const now = new Date('2027-02-01T04:30:00Z')
    const until = (row: Partial<SubscriptionRow>) => entitledUntil({ ...paid, ...row }, now, 7)?.toISOString() ?? null
    const withGrace = '2027-02-22T04:30:00.000Z'
    expect(until({})).toBe(withGrace)
    expect(until({ status: 'past_due' })).toBe(withGrace)
    expect(until({ cancel_at_period_end: true })).toBe(periodEnd)
    expect(until({ status: 'paused' })).toBe(periodEnd)
    expect(until({ status: 'cancelled' })).toBe(periodEnd)
    expect(until({ status: 'halted', current_period_end: '2027-01-30T04:30:00.000Z' })).toBe(null)
    expect(until({ status: 'incomplete', current_period_end: null })).toBe(null)
  })
})
