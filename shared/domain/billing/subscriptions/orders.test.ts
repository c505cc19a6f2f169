import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { createSubscriber } from '../../../../tests/setup/subscriptions.ts'
import type { Database } from '../../../platform/database/index.ts'
import type { Coupon } from '../coupons/coupons.ts'
import { setContract } from '../entitlements/grant.ts'
import { whyNotHeld } from './order-holds.ts'
import { saveSubscription } from './save.ts'
import { startTrial } from './trial.ts'

const india = (text: string) => new Date(`${text}+05:30`)
const start = india('2027-01-31T10:00')

let clone: TestDatabase
let database: Database
beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(8)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const create = () => createSubscriber(database)

async function coupon(code: string, off: Partial<Coupon> = {}) {
  const row = { code, duration: 'once', percent_basis_points: 2_500, valid_from: '2020-01-01T00:00:00Z', ...off }
  const { asOperator } = await create()
  await asOperator((sql) => sql`insert into coupons ${sql(row)}`)
  return code
}

describe('a plan that is bought by order', () => {
  test('costs its price with tax, and is there with its seats when it is paid', async () => {
    const buyer = await create()
    const order = await buyer.order(start, { seats: 7 })
    expect(order).toMatchObject({
      kind: 'start',
      net_paise: 499_900 + 2 * 89_900,
      total_paise: 802_046,
      credit_paise: 0,
    })
    expect((await buyer.subscription()).status).toBe('incomplete')
    expect(await buyer.entitlement()).toBe(null)
    await buyer.pay(start, order)
    expect(await buyer.subscription()).toMatchObject({
      ...{ status: 'active', plan_id: 'team', seats: 7, period_paise: 679_700, billing_day: 31 },
      current_period_start: start.toISOString(),
      current_period_end: india('2027-02-28T10:00').toISOString(),
    })
    expect(await buyer.entitlement()).toEqual({
      ...{ plan_id: 'team', seats: 7 },
      until: india('2027-03-07T10:00').toISOString(),
    })
  })

  test('renewed in time and again in grace, goes on without gap on the day on which it began', async () => {
    const buyer = await create()
    await buyer.buy(start)
    await expect(buyer.quote(india('2027-01-31T11:00'), { kind: 'renewal' })).resolves.toMatchObject({
      period_start: india('2027-02-28T10:00').toISOString(),
    })
    await buyer.buy(india('2027-02-20T10:00'))
    expect((await buyer.subscription()).current_period_end).toBe(india('2027-03-31T10:00').toISOString())
    const late = await buyer.buy(india('2027-04-05T10:00'))
    expect(late.kind).toBe('renewal')
    expect(await buyer.subscription()).toMatchObject({
      status: 'active',
      current_period_start: india('2027-03-31T10:00').toISOString(),
      current_period_end: india('2027-04-30T10:00').toISOString(),
    })
  })

  test('paid after its grace begins anew, for the time in between was not had', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const row = await buyer.subscription()
    const later = india('2027-03-20T10:00')
    await buyer.change(later, (effects) => saveSubscription(effects, row))
    expect(await buyer.subscription()).toMatchObject({ status: 'halted', ended_at: null })
    expect(await buyer.entitlement()).toBe(null)
    await buyer.buy(later)
    expect(await buyer.subscription()).toMatchObject({
      ...{ status: 'active', billing_day: 20, dunning_stage: 0, grace_until: null },
      current_period_start: later.toISOString(),
      current_period_end: india('2027-04-20T10:00').toISOString(),
    })
    expect((await buyer.entitlement())?.plan_id).toBe('team')
  })

  test('can’t be renewed long before its end, nor twice for the same period', async () => {
    const buyer = await create()
    await buyer.buy(start, { period: 'year' })
    await expect(buyer.quote(start, { period: 'year' })).rejects.toMatchObject({ code: 'CONFLICT' })
    const soon = india('2028-01-10T10:00')
    const [one, other] = [await buyer.order(soon, { period: 'year' }), await buyer.order(soon, { period: 'year' })]
    await buyer.pay(soon, one)
    expect(await buyer.change(soon, (effects) => whyNotHeld(effects, other))).toBe('The period had been paid already')
    expect(await buyer.pay(soon, other)).toBe('surplus')
  })

  test('upgraded costs the difference of the days that are left, and the period stays', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const order = await buyer.buy(india('2027-02-14T12:00'), { planId: 'business', seats: 15 })
    expect(order).toMatchObject({ kind: 'change', net_paise: 500_000, period_start: start.toISOString() })
    expect(await buyer.subscription()).toMatchObject({
      ...{ plan_id: 'business', seats: 15, period_paise: 1_499_900, billing_day: 31 },
      current_period_end: india('2027-02-28T10:00').toISOString(),
    })
    expect(await buyer.entitlement()).toMatchObject({ plan_id: 'business', seats: 15 })
  })

  test('changed to a year begins it at once, less what is left of the month', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const at = india('2027-02-14T12:00')
    expect(await buyer.buy(at, { period: 'year' })).toMatchObject({ kind: 'change', net_paise: 4_999_000 - 249_950 })
    expect(await buyer.subscription()).toMatchObject({
      ...{ period: 'year', billing_day: 14, current_period_start: at.toISOString() },
      current_period_end: india('2028-02-14T12:00').toISOString(),
    })
  })

  test('given up before it was paid begins all the same when the payment comes, unless another one has begun', async () => {
    const buyer = await create()
    const order = await buyer.order(start)
    const later = india('2027-03-01T10:00')
    const expired = await buyer.change(later, async (effects) => saveSubscription(effects, await buyer.subscription()))
    expect(expired.status).toBe('expired')
    expect(await buyer.change(later, (effects) => whyNotHeld(effects, order))).toBe(null)
    const other = await buyer.order(later)
    expect(await buyer.change(later, (effects) => whyNotHeld(effects, order))).toBe('Another subscription has begun')
    await buyer.pay(later, other)
    const rows = await buyer.subscriptions()
    expect(rows.map(({ status }) => status)).toEqual(['expired', 'active'])
  })

  test('isn’t begun as long as a contract holds, which it would not take the place of', async () => {
    const [buyer, trying, neighbor] = [await create(), await create(), await create()]
    const until = india('2027-02-28T10:00')
    const agree = ({ orgId, read }: typeof buyer, end: Date | null) =>
      read((sql) => setContract(sql, { orgId, planId: 'enterprise', seats: 40, until: end, overrides: {} }))
    await agree(buyer, until)
    const message = expect.stringContaining(until.toISOString())
    await expect(buyer.order(start)).rejects.toMatchObject({ code: 'CONFLICT', message })
    await expect(buyer.order(new Date(until.getTime() - 1), { period: 'year' })).rejects.toMatchObject({ message })
    expect(await buyer.subscriptions()).toEqual([])
    expect(await buyer.entitlement()).toMatchObject({ plan_id: 'enterprise', seats: 40 })
    await neighbor.buy(start)
    await buyer.buy(until)
    expect(await buyer.entitlement()).toMatchObject({ plan_id: 'team', seats: 5 })

    const trial = () =>
      trying.change(start, (effects) =>
        startTrial(effects, { orgId: trying.orgId, planId: 'team', createdBy: trying.ownerId }),
      )
    await agree(trying, null)
    await expect(trial()).rejects.toMatchObject({ code: 'CONFLICT' })
    await agree(trying, start)
    await trial()
    await agree(trying, null)
    await expect(trying.order(start)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('is renewed and changed beside a contract too, which stays what holds', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const { orgId, read } = buyer
    await read((sql) => setContract(sql, { orgId, planId: 'enterprise', seats: 40, until: null, overrides: {} }))
    await buyer.buy(india('2027-02-14T12:00'), { planId: 'business', seats: 15 })
    await buyer.buy(india('2027-02-20T10:00'), { planId: 'business', seats: 15 })
    expect(await buyer.subscription()).toMatchObject({
      ...{ status: 'active', plan_id: 'business' },
      current_period_end: india('2027-03-31T10:00').toISOString(),
    })
    expect(await buyer.entitlement()).toEqual({ plan_id: 'enterprise', seats: 40, until: null })
  })

  test('two orders for the start never give it twice', async () => {
    const buyer = await create()
    const [one, other] = [await buyer.order(start), await buyer.order(start, { seats: 9 })]
    await buyer.pay(start, one)
    expect(await buyer.change(start, (effects) => whyNotHeld(effects, other))).toBe(
      'The subscription had begun already',
    )
    expect(await buyer.subscription()).toMatchObject({ seats: 5 })
  })
})

describe('a coupon', () => {
  test('for once is of the first period, forever of each', async () => {
    const [once, forever] = [await coupon('ONCE-25'), await coupon('ALWAYS-25', { duration: 'forever' })]
    for (const [code, renewal] of [
      [once, 499_900],
      [forever, 374_925],
    ] as const) {
      const buyer = await create()
      expect(await buyer.buy(start, { couponCode: code })).toMatchObject({ net_paise: 374_925, coupon_code: code })
      expect(await buyer.buy(india('2027-02-20T10:00'))).toMatchObject({ net_paise: renewal })
      expect(await buyer.buy(india('2027-03-20T10:00'))).toMatchObject({ net_paise: renewal })
    }
  })

  test('of the whole price leaves nothing to pay, and an amount never more than that', async () => {
    for (const off of [{ percent_basis_points: 10_000 }, { percent_basis_points: null, amount_paise: 900_000 }]) {
      const buyer = await create()
      const code = await coupon(`ALL-${Object.values(off).length}${off.percent_basis_points ?? 0}`, off)
      expect(await buyer.quote(start, { couponCode: code })).toMatchObject({
        net_paise: 0,
        total_paise: 0,
        due_paise: 0,
      })
    }
  })

  test.each([
    ['isn’t known', 'UNKNOWN', null],
    ['isn’t valid yet', 'EARLY', { valid_from: '2028-01-01T00:00:00Z' }],
    ['isn’t valid any more', 'LATE', { valid_until: '2027-01-01T00:00:00Z' }],
    ['is for another plan', 'OTHER', { plan_id: 'business' }],
    ['was used up', 'USED', { maximum_redemptions: 1, redeemed: 1 }],
  ])('that %s is refused', async (_, code, off) => {
    if (off) await coupon(code, off)
    const buyer = await create()
    await expect(buyer.quote(start, { couponCode: code })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })

  test('can be used once by an organization, and again only while its order isn’t paid', async () => {
    const code = await coupon('FIRST', { maximum_redemptions: 1 })
    const buyer = await create()
    await buyer.order(start, { couponCode: code })
    const again = await buyer.order(start, { couponCode: code, seats: 6 })
    await buyer.pay(start, again)
    const end = india('2027-06-01T10:00')
    await buyer.change(end, async (effects) => saveSubscription(effects, await buyer.subscription()))
    await expect(buyer.quote(end, { couponCode: code })).rejects.toMatchObject({
      message: 'This coupon was used already',
    })
  })

  test('is given back by an order that is over', async () => {
    const code = await coupon('BACK', { maximum_redemptions: 1 })
    const [buyer, other] = [await create(), await create()]
    await buyer.order(start, { couponCode: code })
    await expect(other.order(start, { couponCode: code })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await buyer.buy(start)
    expect(await other.buy(start, { couponCode: code })).toMatchObject({ coupon_code: code })
  })

  test('is never redeemed more often than it may be, however many ask at once', async () => {
    const code = await coupon('RUSH', { maximum_redemptions: 3 })
    const buyers = await Promise.all(Array.from({ length: 12 }, create))
    const results = await Promise.allSettled(buyers.map((buyer) => buyer.order(start, { couponCode: code })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'VALIDATION_ERROR' })
    }
    const rows = await buyers[0]!.asOperator((sql) => sql`select redeemed from coupons where code = ${code}`)
    expect(rows).toEqual([{ redeemed: 3 }])
  })
})
