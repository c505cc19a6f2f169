import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { call } from '../setup/product.ts'
import { type Customer, openShop, type Shop } from './shop.ts'

const india = (text: string) => new Date(`${text}+05:30`)
/** The gateway’s clock differs from ours by seconds. */
const toMinute = (time: string) => time.slice(0, 16)
const team = { plan_id: 'team', period: 'month', seats: 5 }
const business = { plan_id: 'business', period: 'month', seats: 15 }

// For machines that are busy: no measure of anything.
vi.setConfig({ testTimeout: 240_000 })

/** Time goes on from one test to the next, from the last day of January of a leap year. */
let shop: Shop
beforeAll(async () => {
  shop = await openShop(india('2028-01-31T10:00'))
})
afterAll(() => shop?.close())

const read = (customer: Customer) => customer.ask('GET', '/v1/billing/subscription')
const entitlementsOf = (customer: Customer) => customer.ask('GET', '/v1/billing/entitlements')
const documentsOf = async (customer: Customer) => (await customer.ask('GET', '/v1/billing/invoices')).data.reverse()
const mandateOf = async ({ orgId }: Customer): Promise<string> => {
  const [row] = await shop.owner`select gateway_subscription_id as id from subscriptions where org_id = ${orgId}`
  return row!.id
}

/** All that the gateway has told is done; what came before it was known whose it is, the schedule for that has taken up. */
async function settle(): Promise<void> {
  await shop.settle()
  await shop.cron('billing-follow-up')
  await shop.settle()
}

/** Until then the gateway charges what is due, and the schedules of billing run, each day at half past six in the morning. */
async function live(until: string): Promise<void> {
  const end = india(until)
  for (;;) {
    const now = shop.gateway.now()
    const morning = new Date(now.getTime() - ((now.getTime() - 3_600_000) % 86_400_000) + 86_400_000)
    if (morning > end) break
    await shop.passUntil(morning)
    await shop.gateway.controls.chargeDue()
    await settle()
    await shop.cron('billing-run-dunning')
    await settle()
  }
  await shop.passUntil(end)
  await shop.gateway.controls.chargeDue()
  await settle()
}

async function makeCoupon(coupon: Record<string, unknown>): Promise<void> {
  const answer = await call(shop.url, 'POST', '/v1/operator/coupons', { token: shop.operator, body: coupon })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
}

describe('a mandate', () => {
  test('begun on 31 January is charged on the 29th of February and of each month from then on, into the next financial year; halted, its plan is there until grace is over, and again when it is paid', async () => {
    const customer = await shop.customer()
    const begun = await customer.ask('POST', '/v1/billing/subscription', team)
    expect(begun).toMatchObject({ status: 'incomplete', authorize_url: expect.stringContaining('/razorpay/mandate/') })
    const mandate = await mandateOf(customer)
    await shop.gateway.controls.authorizeMandate(mandate)
    await settle()
    expect(await read(customer)).toMatchObject({ status: 'active', authorize_url: null })
    const ends = async () => toMinute((await read(customer)).current_period_end)
    expect(await ends()).toBe(toMinute(india('2028-02-29T10:00').toISOString()))
    await live('2028-03-01T12:00')
    expect(await ends()).toBe(toMinute(india('2028-03-29T10:00').toISOString()))
    await live('2028-03-29T09:00')
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })

    await shop.passUntil(india('2028-03-29T10:00'))
    await shop.gateway.controls.halt(mandate)
    await settle()
    await live('2028-04-02T12:00')
    expect((await read(customer)).status).toBe('past_due')
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })
    await live('2028-04-08T12:00')
    expect((await read(customer)).status).toBe('halted')
    expect(await entitlementsOf(customer)).toMatchObject({ plan_id: 'free' })
    await shop.expectBooksInOrder({ [customer.orgId]: null })

    await shop.gateway.controls.charge(mandate)
    await settle()
    expect(await read(customer)).toMatchObject({ status: 'active' })
    expect(await ends()).toBe(toMinute(india('2028-04-29T10:00').toISOString()))
    const documents = await documentsOf(customer)
    expect(documents.map(({ number }: { number: string }) => number)).toEqual([
      'RF/2728/000001',
      'RF/2728/000002',
      'RF/2829/000001',
    ])
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })

    await customer.ask('POST', '/v1/billing/subscription/cancellation', { when: 'period-end' })
    await settle()
    expect((await shop.gateway.payments.fetchSubscription(mandate)).status).toBe('cancelled')
    await live('2028-04-30T12:00')
    expect((await read(customer)).status).toBe('cancelled')
    await shop.expectBooksInOrder({ [customer.orgId]: null })
  })
})

describe('a plan that is paid by order', () => {
  test('upgraded and downgraded in mid-period costs and credits the days, the credit pays the next order, and an unpaid end takes the plan away', async () => {
    const customer = await shop.customer()
    const started = shop.gateway.now()
    await shop.buy(customer, team)
    await shop.pass(10)
    const preview = await customer.ask('GET', '/v1/billing/subscription/preview?plan_id=business&period=month&seats=15')
    const upgrade = await shop.buy(customer, business)
    expect(upgrade.amountPaise).toBe(preview.now.due_paise)
    // 20 of the 30 days that began on 30 April are left.
    expect(preview.now.net_paise).toBe(Math.round((1_000_000 * 20) / 30))
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'business', seats: 15 } })

    await shop.pass(10)
    const down = await customer.ask('GET', '/v1/billing/subscription/preview?plan_id=team&period=month&seats=5')
    await customer.ask('POST', '/v1/billing/subscription/changes', { ...team, when: 'now' })
    await settle()
    const note = (await documentsOf(customer)).at(-1)
    expect(note).toMatchObject({ kind: 'credit_note', total_paise: down.now.credit_note_paise, net_paise: 333_333 })
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })

    await shop.pass(5)
    const renewal = await shop.buy(customer, team)
    expect(renewal.amountPaise).toBe(589_882 - note.total_paise)
    const { current_period_end: end } = await read(customer)
    expect(toMinute(end)).toBe(toMinute(new Date(started.getTime() + 61 * 86_400_000).toISOString()))
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })

    shop.mails.length = 0
    await shop.passUntil(new Date(new Date(end).getTime() - 8 * 86_400_000))
    await live('2028-07-04T12:00')
    expect((await read(customer)).status).toBe('past_due')
    expect(shop.mails.length).toBeGreaterThanOrEqual(2)
    await live('2028-07-08T12:00')
    expect((await read(customer)).status).toBe('halted')
    await shop.expectBooksInOrder({ [customer.orgId]: null })
    await shop.buy(customer, team)
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 } })
  })

  test('with a coupon for all of it is given without the gateway, with an invoice of nothing, and costs its price the next time', async () => {
    await makeCoupon({ code: 'WELCOME', percent_basis_points: 10_000, duration: 'once', maximum_redemptions: 1 })
    const [customer, late] = [await shop.customer(), await shop.customer()]
    const free = await customer.ask('POST', '/v1/billing/orders', { ...team, coupon_code: 'WELCOME' })
    expect(free).toMatchObject({ status: 'paid', due_paise: 0, checkout: null })
    await settle()
    expect(await documentsOf(customer)).toMatchObject([{ kind: 'invoice', total_paise: 0, status: 'final' }])
    await late.ask('POST', '/v1/billing/orders', { ...team, coupon_code: 'WELCOME' }, 422)
    await shop.pass(25)
    expect((await shop.buy(customer, team)).amountPaise).toBe(589_882)
    await shop.expectBooksInOrder({ [customer.orgId]: { plan: 'team', seats: 5 }, [late.orgId]: null })
  })
})

test('a trial ends by itself; bought from, it goes on to its end and then into the period that was paid', async () => {
  const [lazy, keen] = [await shop.customer(), await shop.customer()]
  for (const one of [lazy, keen]) {
    expect((await one.ask('POST', '/v1/billing/subscription/trial', {})).status).toBe('trialing')
  }
  await shop.expectBooksInOrder({ [lazy.orgId]: { plan: 'team', seats: 5 }, [keen.orgId]: { plan: 'team', seats: 5 } })
  const trialEnd = (await read(keen)).trial_ends_at
  await shop.pass(5)
  await shop.buy(keen, { ...team, seats: 8 })
  expect((await read(keen)).current_period_start).toBe(trialEnd)
  shop.mails.length = 0
  await shop.pass(6)
  for (let day = 0; day < 5; day++) {
    await shop.pass(1)
    await shop.cron('billing-run-dunning')
    await settle()
  }
  expect(shop.mails.length).toBeGreaterThanOrEqual(2)
  expect((await read(lazy)).status).toBe('expired')
  await lazy.ask('POST', '/v1/billing/subscription/trial', {}, 409)
  await shop.expectBooksInOrder({ [lazy.orgId]: null, [keen.orgId]: { plan: 'team', seats: 8 } })
})

test('after all of it, nightly reconciliation finds nothing to repair and nothing that differs', async () => {
  await shop.gateway.controls.settle()
  await settle()
  await shop.pass(0.5)
  await shop.cron('billing-reconcile')
  await settle()
  expect([...(await shop.owner`select kind, subject from billing_differences`)]).toEqual([])
  await shop.cron('billing-check-invariants')
  expect([...(await shop.owner`select invariant from billing_checks where not holds`)]).toEqual([])
  await shop.expectBooksInOrder({})
})
