import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { createSubscriber, type Subscriber } from '../../../../tests/setup/subscriptions.ts'
import type { Database } from '../../../platform/database/index.ts'
import { applyDispute } from '../disputes/apply-dispute.ts'
import { advanceSubscription, dueSubscriptions } from '../dunning/advance.ts'
import { composeMail, type MailTemplate } from '../dunning/mails.ts'
import { lockPaymentOf } from '../payments/rows.ts'
import { requestRefund } from '../refunds/request.ts'
import { changeSubscription, previewChange } from './change.ts'
import { cancelSubscription, resumeSubscription } from './end.ts'
import type { TermsChange } from './schemas.ts'
import { startTrial } from './trial.ts'

const india = (text: string) => new Date(`${text}+05:30`)
const start = india('2027-03-15T10:00')
const end = india('2027-04-15T10:00')
const team = { plan_id: 'team', period: 'month', seats: 5 } as const
const business = { planId: 'business', seats: 15 } as const

let clone: TestDatabase
let database: Database
beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const create = () => createSubscriber(database)
const changeTo = (buyer: Subscriber, at: Date, wish: TermsChange) =>
  buyer.change(at, (effects) => changeSubscription(effects, buyer.orgId, wish))
const advance = async (buyer: Subscriber, at: Date) => {
  const { id } = await buyer.subscription()
  buyer.asked.length = 0
  await buyer.change(at, (effects) => advanceSubscription(effects, buyer.orgId, id))
  return buyer.asked.filter(({ name }) => name === 'billing-send-mail').map(({ payload }) => payload.template)
}

describe('a change at the end of the period', () => {
  test('is what the next period is ordered as, and can be taken back', async () => {
    const buyer = await create()
    await buyer.buy(start, business)
    const changed = await changeTo(buyer, start, { ...team, when: 'period-end' })
    expect(changed).toMatchObject({ plan_id: 'business', next_change: { ...team, period_paise: 499_900 } })
    expect((await changeTo(buyer, start, { ...team, plan_id: 'business', seats: 15, when: 'now' })).next_change).toBe(
      null,
    )
    await changeTo(buyer, start, { ...team, when: 'period-end' })
    const renewal = await buyer.buy(india('2027-04-10T10:00'))
    expect(renewal).toMatchObject({ kind: 'renewal', plan_id: 'team', net_paise: 499_900 })
    expect(await buyer.subscription()).toMatchObject({
      ...{ plan_id: 'team', next_change: null, current_period_start: end.toISOString() },
    })
    expect(await buyer.advances()).toBe(0)
  })
})

describe('a change at once to less', () => {
  test('credits the days that are left on 31 March and on 1 April, and that pays a part of the next order', async () => {
    for (const [day, left] of [
      ['2027-03-31T23:00', 15],
      ['2027-04-01T01:00', 14],
    ] as const) {
      const buyer = await create()
      await buyer.buy(start, business)
      const at = india(day)
      const preview = await buyer.change(at, ({ sql, settings, account }) =>
        previewChange(sql, { orgId: buyer.orgId, account, settings, at }, team),
      )
      const net = Math.round((1_000_000 * left) / 31)
      const credit = net + Math.round(net * 0.18)
      expect(preview.now).toMatchObject({ net_paise: -net, credit_note_paise: credit, due_paise: 0 })
      await changeTo(buyer, at, { ...team, when: 'now' })
      expect(await buyer.subscription()).toMatchObject({
        ...{ plan_id: 'team', seats: 5, period_paise: 499_900, current_period_end: end.toISOString() },
      })
      expect(await buyer.entitlement()).toMatchObject({ plan_id: 'team', seats: 5 })
      expect(await buyer.advances()).toBe(credit)
      // Held by an order, it is there for no other; with the order paid it is used.
      const order = await buyer.order(india('2027-04-10T10:00'))
      expect(order).toMatchObject({ total_paise: 589_882, credit_paise: credit })
      expect(await buyer.quote(india('2027-04-10T10:00'))).toMatchObject({ credit_paise: 0 })
      await buyer.pay(india('2027-04-10T10:00'), order)
      expect(await buyer.advances()).toBe(0)
    }
  })

  test('of a year to a month credits what is left of the year less the month', async () => {
    const buyer = await create()
    await buyer.buy(start, { period: 'year' })
    const at = india('2027-09-15T12:00')
    await changeTo(buyer, at, { ...team, when: 'now' })
    // 182 of 366 days: a leap year has its 29 February in this period.
    const net = Math.round((4_999_000 * 182) / 366) - 499_900
    expect(await buyer.advances()).toBe(net + Math.round(net * 0.18))
    expect(await buyer.subscription()).toMatchObject({
      ...{ period: 'month', current_period_start: at.toISOString(), billing_day: 15 },
      current_period_end: india('2027-10-15T12:00').toISOString(),
    })
  })

  test.each([
    ['is being paid back', 'refund'],
    ['the customer’s bank has taken back', 'dispute'],
  ])('credits nothing of what %s', async (_, by) => {
    const buyer = await create()
    await buyer.buy(start, business)
    await buyer.change(start, async (effects) => {
      const [{ id }] = await effects.sql<[{ id: string }]>`select gateway_payment_id as id from payments`
      const payment = (await lockPaymentOf(effects.sql, buyer.orgId, id))!
      const asked = { purpose: 'sale', reason: 'Goodwill', requestedBy: null } as const
      if (by === 'refund') return requestRefund(effects, payment, asked)
      return applyDispute(effects, buyer.orgId, {
        ...{ id: `disp_${id}`, paymentId: id, amountPaise: payment.amount_paise, deductedPaise: payment.amount_paise },
        ...{ currency: 'INR', status: 'lost', reasonCode: null, respondBy: null, createdAt: start },
      })
    })
    await changeTo(buyer, start, { ...team, when: 'now' })
    expect(await buyer.advances()).toBe(0)
    expect((await buyer.subscription()).plan_id).toBe('team')
  })

  test('never credits more than was paid', async () => {
    const buyer = await create()
    const [code] = [`FREE-${buyer.orgId.slice(-6).toUpperCase()}`]
    const off = { code, percent_basis_points: 10_000, duration: 'once', valid_from: start }
    await buyer.asOperator((sql) => sql`insert into coupons ${sql(off)}`)
    await buyer.buy(start, { ...business, couponCode: code })
    await changeTo(buyer, start, { ...team, when: 'now' })
    expect(await buyer.advances()).toBe(0)
    expect((await buyer.subscription()).plan_id).toBe('team')
  })

  test('up and down any number of times in a period credits and costs what the days cost', async () => {
    const buyer = await create()
    await buyer.buy(start)
    await buyer.buy(india('2027-03-20T10:00'), business)
    await changeTo(buyer, india('2027-03-25T10:00'), { ...team, when: 'now' })
    await buyer.buy(india('2027-04-01T10:00'), business)
    const [sum] = await buyer.read(
      (sql) => sql<{ net: number }[]>`
        select sum(case kind when 'invoice' then net_paise else -net_paise end)::bigint as net from invoices`,
    )
    // Business for 5 and for 14 days of 31, Team for the others.
    expect(Math.abs(sum!.net - (499_900 + (1_000_000 * (5 + 14)) / 31))).toBeLessThanOrEqual(2)
  })

  test('that costs something is refused: it is ordered', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const up = { plan_id: 'business', period: 'month', seats: 15, when: 'now' } as const
    await expect(changeTo(buyer, start, up)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await buyer.subscription()).plan_id).toBe('team')
  })

  test('makes offers for the terms before useless: what is paid for them is paid back', async () => {
    const buyer = await create()
    await buyer.buy(start, business)
    const order = await buyer.order(start, { planId: 'business', seats: 20 })
    await changeTo(buyer, india('2027-03-16T10:00'), { ...team, when: 'now' })
    expect(await buyer.pay(india('2027-03-16T10:00'), order)).toBe('surplus')
  })
})

describe('a cancellation', () => {
  test('at the end of the period leaves what is paid until then, without grace, and can be taken back', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const cancel = () => buyer.change(start, (effects) => cancelSubscription(effects, buyer.orgId, 'period-end'))
    expect(await cancel()).toMatchObject({ status: 'active', cancel_at_period_end: true })
    expect((await buyer.entitlement())?.until).toBe(end.toISOString())
    await buyer.change(start, (effects) => resumeSubscription(effects, buyer.orgId))
    expect((await buyer.entitlement())?.until).toBe(india('2027-04-22T10:00').toISOString())
    await cancel()
    expect(await advance(buyer, end)).toEqual(['subscription-ended'])
    expect(await buyer.subscription()).toMatchObject({ status: 'cancelled', ended_at: end.toISOString() })
    expect(await buyer.entitlement()).toBe(null)
  })

  test('at once ends the plan at once', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const at = india('2027-03-20T10:00')
    await buyer.change(at, (effects) => cancelSubscription(effects, buyer.orgId, 'now'))
    expect(await buyer.subscription()).toMatchObject({ status: 'cancelled', ended_at: at.toISOString() })
    expect(await buyer.entitlement()).toBe(null)
    await buyer.buy(at)
    expect((await buyer.subscription()).status).toBe('active')
  })
})

describe('a trial', () => {
  const begin = (buyer: Subscriber, planId = 'team') =>
    buyer.change(start, (effects) => startTrial(effects, { orgId: buyer.orgId, planId, createdBy: buyer.ownerId }))

  test('is had once, reminds of its end, and ends by itself', async () => {
    const buyer = await create()
    expect(await begin(buyer)).toMatchObject({ status: 'trialing', seats: 5, collection: 'none' })
    expect(await buyer.entitlement()).toEqual({
      plan_id: 'team',
      seats: 5,
      until: india('2027-03-29T10:00').toISOString(),
    })
    expect(await advance(buyer, india('2027-03-25T06:30'))).toEqual([])
    expect(await advance(buyer, india('2027-03-26T06:30'))).toEqual(['trial-ending'])
    expect(await advance(buyer, india('2027-03-29T10:00'))).toEqual(['subscription-ended'])
    expect((await buyer.subscription()).status).toBe('expired')
    expect(await buyer.entitlement()).toBe(null)
    await expect(begin(buyer)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('that is bought from goes on to its end, and the paid period begins there', async () => {
    const buyer = await create()
    await begin(buyer)
    await buyer.buy(india('2027-03-20T10:00'), { seats: 8 })
    expect(await buyer.subscription()).toMatchObject({
      ...{ status: 'active', seats: 8, current_period_start: india('2027-03-29T10:00').toISOString() },
      current_period_end: india('2027-04-29T10:00').toISOString(),
    })
    expect(await buyer.entitlement()).toMatchObject({ seats: 8 })
  })

  test('of one plan and the purchase of another begins that at once', async () => {
    const buyer = await create()
    await begin(buyer)
    const at = india('2027-03-20T10:00')
    await buyer.buy(at, business)
    expect(await buyer.subscription()).toMatchObject({ plan_id: 'business', current_period_start: at.toISOString() })
  })

  test('isn’t had of plans without one, nor beside a subscription', async () => {
    const buyer = await create()
    await expect(begin(buyer, 'business')).rejects.toMatchObject({ code: 'CONFLICT' })
    await buyer.buy(start)
    await expect(begin(buyer)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('who pays by order', () => {
  test('is told a week and a day before the end, and on days 0 and 3 after it, suspended on day 7, ended a month later', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const told: [string, unknown, string][] = []
    for (let day = new Date(end.getTime() - 9 * 86_400_000); told.at(-1)?.[2] !== 'expired'; ) {
      for (const template of await advance(buyer, day)) {
        const at = new Date(day.getTime() + 19_800_000).toISOString().slice(5, 10)
        told.push([at, template, (await buyer.subscription()).status])
      }
      // Running it again on the same day tells nothing new of a debt.
      if ((await buyer.subscription()).status === 'past_due') expect(await advance(buyer, day)).toEqual([])
      day = new Date(day.getTime() + 86_400_000)
      if (day > india('2027-07-01T00:00')) break
    }
    expect(told).toEqual([
      ['04-08', 'renewal-due', 'active'],
      ['04-14', 'renewal-due', 'active'],
      ['04-15', 'renewal-due', 'past_due'],
      ['04-18', 'renewal-due', 'past_due'],
      ['04-22', 'grace-over', 'halted'],
      ['05-22', 'subscription-ended', 'expired'],
    ])
    expect(await buyer.entitlement()).toBe(null)
  })

  test('is found by the schedule when the end is near, and not before', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const { id } = await buyer.subscription()
    const isFound = async (at: Date) =>
      (await buyer.asOperator((sql) => dueSubscriptions(sql, at, null, 10_000))).some((one) => one.id === id)
    expect(await isFound(india('2027-04-06T10:00'))).toBe(false)
    expect(await isFound(india('2027-04-08T06:30'))).toBe(true)
    expect(await isFound(india('2027-05-01T06:30'))).toBe(true)
    await buyer.change(start, (effects) => cancelSubscription(effects, buyer.orgId, 'now'))
    expect(await isFound(india('2027-05-01T06:30'))).toBe(false)
  })

  test('gets a mail that says what is due, to the address of the account, and none when there is no reason any more', async () => {
    const buyer = await create()
    await buyer.buy(start)
    const compose = async (template: MailTemplate) =>
      buyer.read(async (sql) =>
        composeMail(sql, {
          ...{ orgId: buyer.orgId, subscriptionId: (await buyer.subscription()).id, template, occasion: 'x/1' },
          ...{ seller: { ...noSeller, name: 'RaptorFlow' }, graceDays: 7, publicUrl: 'https://adapt.example' },
        }),
      )
    const mail = await compose('renewal-due')
    expect(mail?.to).toMatch(/@example\.org$/)
    expect(mail?.text).toContain('Team (5 seats) is paid until 15 April 2027. The next period costs ₹4,999.00')
    expect(mail?.id).toMatch(/^renewal-due-[0-9a-f-]+-x-1$/)
    expect(await compose('charge-failed')).toBe(null)
    expect(await compose('grace-over')).toBe(null)
    await buyer.read((sql) => sql`update billing_accounts set email = 'accounts@example.net'`)
    expect((await compose('renewal-due'))?.to).toBe('accounts@example.net')
  })
})

const noSeller = { name: '', gstin: '', addressLines: [], stateCode: '27', email: 'billing@example.com', sac: '998315' }
