import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import {
  createPayingCustomer,
  hours,
  newsOf,
  noon,
  type PayingCustomer,
} from '../../../../tests/setup/billing-payments.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { type Database, system } from '../../../platform/database/index.ts'
import { holdCoupon } from '../coupons/coupons.ts'
import { newDifferences } from '../differences.ts'
import type { GatewayEvent } from '../gateway.ts'
import { checkInvariants } from '../ledger/invariants.ts'
import { offerOrder, placeOrder } from '../orders/create.ts'
import { dueOf } from '../orders/rows.ts'
import { requestRefund } from '../refunds/request.ts'
import { recordRefund } from '../refunds/send.ts'
import { applyEvent } from '../webhooks/apply-event.ts'
import { applyFetchedObject } from './apply-fetched.ts'
import { applyPayment } from './apply-payment.ts'
import { captureToAsk } from './capture.ts'
import { lockPaymentOf } from './rows.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let customer: PayingCustomer

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(10)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {}, types: { bigint: postgres.BigInt } })
})
afterAll(async () => {
  const broken = (await database.transaction(system, (sql) => checkInvariants(sql, noon))).filter(({ holds }) => !holds)
  await database.close()
  await owner.end()
  await clone.drop()
  expect(broken).toEqual([])
})
beforeEach(async () => {
  customer = await createPayingCustomer(database, owner)
})

const tell = (event: GatewayEvent, now?: Date) =>
  customer.change((effects) => applyEvent(effects, customer.orgId, event), now)

/** What is there, in a few words. */
async function stand() {
  const { orgId } = customer
  const rows = async (query: postgres.PendingQuery<postgres.Row[]>) =>
    (await query).map((row) => Object.values(row).join(' '))
  return {
    orders: await rows(owner`select status from orders where org_id = ${orgId} order by id`),
    payments: await rows(owner`select status, purpose from payments where org_id = ${orgId} order by created_at, id`),
    refunds: await rows(owner`select status, purpose, amount_paise from refunds where org_id = ${orgId} order by id`),
    invoices: await rows(owner`select kind, status from invoices where org_id = ${orgId} order by id`),
    plan: (await rows(owner`select plan_id from entitlements where org_id = ${orgId}`))[0] ?? null,
    differences: await rows(
      owner`select kind, amount_paise from billing_differences where org_id = ${orgId} and status = 'open' order by kind`,
    ),
  }
}
const bought = { orders: ['paid'], invoices: ['invoice final'], plan: 'team', refunds: [], differences: [] }
const nothing = { invoices: [], plan: null }

test('fifty news of one payment at once fulfil its order once', async () => {
  const { event, payment, order: ordered } = newsOf(await customer.order())
  const events = [
    event('payment.captured', payment('captured')),
    event('order.paid', ordered('paid'), payment('captured')),
  ]
  await Promise.all(Array.from({ length: 50 }, (_, index) => tell(events[index % 2]!)))
  expect(await stand()).toEqual({ ...bought, payments: ['captured order'] })
  const [posted] = await owner`
    select count(*)::int as count from ledger_transactions where org_id = ${customer.orgId} and kind = 'payment'`
  expect(posted).toEqual({ count: 1 })
  expect(customer.sent.filter(({ name }) => name === 'billing-deliver-invoice')).toHaveLength(1)
})

test('who gets a coupon for nothing and who gives one back never wait for each other in a circle', async () => {
  const code = `FREE-${customer.orgId.slice(-8).toUpperCase()}`
  await owner`
    insert into coupons (code, percent_basis_points, duration, valid_from, redeemed) values (${code}, 10000, 'once', ${noon}, 1)`
  const other = await createPayingCustomer(database, owner)
  const [left, chosen] = [await other.order(), await other.order()]
  await owner`insert into coupon_redemptions (org_id, code, order_id) values (${other.orgId}, ${code}, ${left.id})`
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>()
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
  const placing = customer.change(async (effects) => {
    const { sql, settings, account } = effects
    const draft = { plan_id: 'team', period: 'month', seats: 5, coupon_code: code } as const
    const offer = await offerOrder(sql, { orgId: customer.orgId, account, settings, at: noon }, draft)
    await holdCoupon(sql, { orgId: customer.orgId, code, orderId: offer.id })
    held()
    await mayGoOn
    return placeOrder(effects, { orgId: customer.orgId, offer, atGateway: null, createdBy: null })
  })
  await isHeld
  const { event, payment } = newsOf(chosen)
  const paying = other.change((effects) =>
    applyEvent(effects, other.orgId, event('payment.captured', payment('captured'))),
  )
  // It gives back the coupon of the order that was not chosen, so it waits for the one above.
  const waiting = () => owner`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBeGreaterThan(0)
  goOn()
  expect(await placing).toMatchObject({ status: 'paid', total_paise: 0 })
  expect(await paying).toBe('applied')
})

test('an order from ₹50,000 on, without tax, waits until the customer has said who it is', async () => {
  const offer = (plan_id: string, seats: number) =>
    customer.change(async ({ sql, settings, account }) => {
      const draft = { plan_id, period: 'year', seats } as const
      return (await offerOrder(sql, { orgId: customer.orgId, account, settings, at: noon }, draft)).quote.net_paise
    })
  expect(await offer('team', 5)).toBe(4_999_000)
  const refusal = { code: 'CONFLICT', message: expect.stringContaining('PUT /v1/billing/account') }
  await expect(offer('team', 6)).rejects.toMatchObject(refusal)
  const known = { legal_name: 'Acme', address_line_1: '1 MG Road', city: 'Bengaluru', postal_code: '560001' }
  await owner`update billing_accounts set ${owner(known)} where org_id = ${customer.orgId}`
  await expect(offer('business', 15)).rejects.toMatchObject(refusal)
  await owner`update billing_accounts set state_code = '29' where org_id = ${customer.orgId}`
  expect(await offer('business', 15)).toBe(14_999_000)
  // Abroad there is no state.
  await owner`update billing_accounts set state_code = null, country = 'DE' where org_id = ${customer.orgId}`
  expect(await offer('business', 15)).toBe(14_999_000)
})

describe('money that pays for nothing is paid back', () => {
  test('of two payments of one order the second one, wholly, once', async () => {
    const order = await customer.order()
    const [first, second] = [newsOf(order, 'pay_first'), newsOf(order, 'pay_second')]
    await tell(first.event('payment.captured', first.payment('captured')))
    for (let time = 0; time < 3; time++) await tell(second.event('payment.captured', second.payment('captured')))
    const { amountPaise } = second
    const expected = { ...bought, payments: ['captured order', 'captured surplus'] }
    expect(await stand()).toEqual({ ...expected, refunds: [`requested surplus ${amountPaise}`] })
    const sent = customer.sent.filter(({ name }) => name === 'billing-send-refund')
    expect(sent).toHaveLength(1)

    const ourId = sent[0]!.payload.refund_id as string
    const { refund } = second.refund('rfnd_surplus', 'processed', amountPaise, null)
    await customer.change((effects) => recordRefund(effects, customer.orgId, ourId, refund))
    await tell(second.event('refund.processed', second.refund('rfnd_surplus', 'processed', amountPaise, ourId)))
    expect(await stand()).toEqual({
      ...expected,
      payments: ['captured order', 'refunded surplus'],
      refunds: [`processed surplus ${amountPaise}`],
    })
  })

  test('of an order that another one has replaced', async () => {
    const [old, chosen] = [newsOf(await customer.order()), newsOf(await customer.order())]
    await tell(chosen.event('payment.captured', chosen.payment('captured')))
    await tell(old.event('payment.captured', old.payment('captured')))
    expect(await stand()).toMatchObject({
      orders: ['cancelled', 'paid'],
      refunds: [`requested surplus ${old.amountPaise}`],
      invoices: ['invoice final'],
    })
  })

  test('of a customer that is gone', async () => {
    const { event, payment, amountPaise } = newsOf(await customer.order())
    await owner`update billing_accounts set closed_at = now() where org_id = ${customer.orgId}`
    await tell(event('payment.captured', payment('captured')))
    expect(await stand()).toMatchObject({ ...nothing, refunds: [`requested surplus ${amountPaise}`] })
  })

  test('but not when somebody has done so at the dashboard already', async () => {
    const order = await customer.order()
    const [first, second] = [newsOf(order, 'pay_early'), newsOf(order, 'pay_back')]
    await tell(first.event('payment.captured', first.payment('captured')))
    const { amountPaise } = second
    const refunded = second.payment('refunded', { refundedPaise: amountPaise })
    await tell(second.event('refund.processed', refunded, second.refund('rfnd_early', 'processed', amountPaise)))
    await tell(second.event('payment.captured', second.payment('captured')))
    const refunds = (await stand()).refunds
    expect(refunds).toContain(`processed surplus ${amountPaise}`)
    // The one that we asked for before we knew of it is refused by the gateway: nothing is left.
    const ours = customer.sent.find(({ name }) => name === 'billing-send-refund')
    await customer.change((effects) => recordRefund(effects, customer.orgId, ours!.payload.refund_id as string, null))
    expect((await stand()).refunds.toSorted()).toEqual([
      `failed surplus ${amountPaise}`,
      `processed surplus ${amountPaise}`,
    ])
    expect((await stand()).differences).toEqual([])
  })
})

describe('an order that was paid late', () => {
  test('is fulfilled at its price, when that still holds', async () => {
    const { event, payment } = newsOf(await customer.order(), 'pay_late', hours(40))
    await owner`update orders set status = 'expired' where org_id = ${customer.orgId}`
    await tell(event('payment.captured', payment('captured')), hours(40))
    expect(await stand()).toEqual({ ...bought, payments: ['captured order'] })
  })

  test('is paid back, when the price is another one by then', async () => {
    const { event, payment, amountPaise } = newsOf(await customer.order(), 'pay_dear', hours(40))
    const price = crypto.randomUUID()
    await owner`
      insert into plan_prices (id, plan_id, period, valid_from, base_paise, included_seats, seat_paise)
      values (${price}, 'team', 'month', ${hours(30)}, 599900, 5, 99900)`
    await tell(event('payment.captured', payment('captured')), hours(40))
    await owner`delete from plan_prices where id = ${price}`
    expect(await stand()).toMatchObject({ ...nothing, refunds: [`requested surplus ${amountPaise}`] })
  })

  test('is fulfilled when it was paid in time, however late that becomes known', async () => {
    const { event, payment } = newsOf(await customer.order(), 'pay_known_late', hours(23))
    await owner`update orders set status = 'expired' where org_id = ${customer.orgId}`
    await tell(event('payment.captured', payment('captured')), hours(24 * 60))
    expect(await stand()).toMatchObject({ orders: ['paid'], payments: ['captured order'], refunds: [] })
  })
})

describe('what does not agree is noted and never guessed at', () => {
  test('a payment of another amount than was asked buys nothing and stays the customer’s', async () => {
    const { event, payment, amountPaise } = newsOf(await customer.order())
    const news = event('payment.captured', payment('captured', { amountPaise: amountPaise - 1 }))
    for (const one of [news, news]) await tell(one)
    expect(await stand()).toMatchObject({
      ...nothing,
      orders: ['attempted'],
      payments: ['captured '],
      differences: ['amount-differs -1'],
    })
    const [advance] = await owner`
      select balance_paise from ledger_balances where org_id = ${customer.orgId} and account = '2000'`
    expect(advance?.balance_paise).toBe(BigInt(1 - amountPaise))
  })

  test('nothing of another currency is booked', async () => {
    const { event, payment, order, refund } = newsOf(await customer.order())
    await tell(event('payment.captured', payment('captured', { currency: 'USD' })))
    await tell(event('order.paid', { order: { ...order('paid').order, currency: 'USD' } }))
    expect(await stand()).toMatchObject({
      ...nothing,
      payments: [],
      differences: ['currency-differs ', 'currency-differs '],
    })
    await tell(event('payment.captured', payment('captured')))
    const foreign = refund('rfnd_usd', 'processed', 100).refund
    await tell(event('refund.processed', { refund: { ...foreign, currency: 'USD' } }))
    expect((await stand()).refunds).toEqual([])
  })

  test('a payment that changes its amount or its order stays as it was', async () => {
    const { event, payment, amountPaise } = newsOf(await customer.order())
    await tell(event('payment.authorized', payment('authorized')))
    await tell(event('payment.captured', payment('captured', { amountPaise: amountPaise + 5 })))
    await tell(event('payment.captured', payment('captured', { orderId: 'order_of_another' })))
    expect(await stand()).toMatchObject({
      payments: ['authorized '],
      differences: ['payment-amount-differs 5', 'payment-order-differs '],
    })
  })

  test('a payment of an order of somebody else is nobody’s here', async () => {
    const theirs = newsOf(await customer.order())
    customer = await createPayingCustomer(database, owner)
    expect(await tell(theirs.event('payment.captured', theirs.payment('captured')))).toBe('unmatched')
    expect(await stand()).toMatchObject({ payments: [], orders: [] })
  })

  test('refunds of more than was paid are not booked beyond it', async () => {
    const { event, payment, refund, amountPaise } = newsOf(await customer.order())
    await tell(event('payment.captured', payment('captured')))
    await tell(event('refund.processed', refund('rfnd_all', 'processed', amountPaise)))
    await tell(event('refund.processed', refund('rfnd_more', 'processed', 700)))
    expect(await stand()).toMatchObject({
      payments: ['refunded order'],
      differences: ['refund-exceeds-payment 700'],
    })
  })

  test('that the gateway has paid back more than it shows refunds of', async () => {
    const { payment } = newsOf(await customer.order())
    const shown = payment('captured', { refundedPaise: 300 }).payment
    const nothingElse = { order: null, refund: null, dispute: null, subscription: null, at: noon }
    for (let time = 0; time < 2; time++) {
      await customer.change((effects) =>
        applyFetchedObject(effects, customer.orgId, {
          ...nothingElse,
          payments: [{ payment: shown, invoice: null, refunds: [] }],
        }),
      )
    }
    expect((await stand()).differences).toEqual(['refund-unexplained 300'])
  })
})

describe('what an event only names is fetched', () => {
  const fetches = () =>
    customer.sent.filter(({ name }) => name === 'billing-apply-fetched').map(({ payload }) => payload)

  test('the payment of an order that is paid, of a refund and of a dispute', async () => {
    const order = await customer.order()
    const { event, order: ordered, refund, dispute, paymentId } = newsOf(order)
    await tell(event('order.paid', ordered('paid')))
    expect(await tell(event('refund.processed', refund('rfnd_early', 'processed', 100)))).toBe('unmatched')
    expect(await tell(event('payment.dispute.created', dispute('open', 0)))).toBe('unmatched')
    expect(fetches()).toEqual([
      { kind: 'order', gateway_id: order.gateway_order_id },
      { kind: 'payment', gateway_id: paymentId },
      { kind: 'payment', gateway_id: paymentId },
    ])
  })

  test('refunds that are counted and not known', async () => {
    const { event, payment, refund, paymentId } = newsOf(await customer.order())
    await tell(event('refund.created', payment('captured', { refundedPaise: 100 }), refund('rfnd_a', 'pending', 100)))
    expect(fetches()).toEqual([])
    await tell(event('payment.captured', payment('captured', { refundedPaise: 150 })))
    expect(fetches()).toEqual([{ kind: 'payment', gateway_id: paymentId }])
  })
})

describe('an authorized payment', () => {
  test('is asked to be captured once, while its order wants it', async () => {
    const order = await customer.order()
    const { event, payment } = newsOf(order)
    await tell(event('payment.authorized', payment('authorized')))
    await tell(event('payment.authorized', payment('authorized')))
    const asked = customer.sent.filter(({ name }) => name === 'billing-capture-payment')
    expect(asked).toHaveLength(1)
    const wanted = () => customer.change(({ sql }) => captureToAsk(sql, asked[0]!.payload.payment_id as string))
    expect(await wanted()).toMatchObject({ amount_paise: dueOf(order) })
    await owner`update orders set status = 'cancelled' where id = ${order.id}`
    expect(await wanted()).toBeNull()
  })
})

describe('refunds that operators ask for', () => {
  async function paid() {
    const news = newsOf(await customer.order())
    await tell(news.event('payment.captured', news.payment('captured')))
    const ask = (amountPaise: number | null) =>
      customer.change(async (effects) => {
        const row = await lockPaymentOf(effects.sql, customer.orgId, news.paymentId)
        return requestRefund(effects, row!, { purpose: 'sale', amountPaise, reason: 'Goodwill', requestedBy: null })
      })
    return { ...news, ask }
  }

  test('never exceed what is left, also when several are asked at once', async () => {
    const { ask, amountPaise } = await paid()
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => ask(Math.floor(amountPaise / 4))))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CONFLICT' })
    }
    expect((await ask(null)).amount_paise).toBe(amountPaise % 4)
    await expect(ask(null)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('can be asked again when they failed', async () => {
    const { ask, event, refund, amountPaise } = await paid()
    const first = await ask(null)
    await tell(event('refund.failed', refund('rfnd_failed', 'failed', amountPaise, first.id)))
    expect(await stand()).toMatchObject({ differences: [`refund-failed ${amountPaise}`], payments: ['captured order'] })
    const again = await ask(null)
    await tell(event('refund.processed', refund('rfnd_again', 'processed', amountPaise, again.id)))
    expect(await stand()).toMatchObject({
      refunds: [`failed sale ${amountPaise}`, `processed sale ${amountPaise}`],
      invoices: ['invoice void', 'credit_note final'],
      payments: ['refunded order'],
    })
  })

  test('are under way when the gateway tells of them, also where it seemed to have refused', async () => {
    const { ask, event, refund, amountPaise } = await paid()
    const { id } = await ask(null)
    await customer.change((effects) => recordRefund(effects, customer.orgId, id, null))
    expect((await stand()).differences).toEqual([`refund-refused ${amountPaise}`])
    await tell(event('refund.created', refund('rfnd_told', 'pending', amountPaise, id)))
    expect(await stand()).toMatchObject({ refunds: [`pending sale ${amountPaise}`], differences: [] })
    await expect(ask(null)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('are the ones that the gateway tells of, by our id in its note; a note of another one is not believed', async () => {
    const { ask, event, refund } = await paid()
    const asked = await ask(10_000)
    await tell(event('refund.created', refund('rfnd_ours', 'pending', 10_000, asked.id)))
    await tell(event('refund.created', refund('rfnd_copy', 'pending', 20_000, asked.id)))
    expect((await stand()).refunds).toEqual(['pending sale 10000', 'pending sale 20000'])
  })

  test('are not of what the customer’s bank has taken back', async () => {
    const { ask, event, dispute, amountPaise } = await paid()
    await ask(1_000)
    await tell(event('payment.dispute.lost', dispute('lost', amountPaise)))
    for (const paise of [1, null]) await expect(ask(paise)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('are not of a payment that was never captured', async () => {
    const { event, payment } = newsOf(await customer.order())
    await tell(event('payment.authorized', payment('authorized')))
    const asking = customer.change(async (effects) => {
      const row = await applyPayment(effects, customer.orgId, payment('authorized').payment)
      return requestRefund(effects, row!, { purpose: 'surplus', reason: 'Never', requestedBy: null })
    })
    await expect(asking).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

test('of two ends of a dispute the first stays, and the other is for somebody to look at', async () => {
  const { event, payment, dispute, amountPaise } = newsOf(await customer.order())
  await tell(event('payment.dispute.lost', payment('captured'), dispute('lost', amountPaise)))
  await tell(event('payment.dispute.won', payment('captured'), dispute('won', amountPaise)))
  const rows = await owner`select status from disputes where org_id = ${customer.orgId}`
  expect(rows.map(({ status }) => status)).toEqual(['lost'])
  expect((await stand()).differences).toEqual(['dispute-state-differs '])
})

test('what is noted first in a transaction is told once', async () => {
  const { event, payment } = newsOf(await customer.order())
  const news = event('payment.captured', payment('captured', { amountPaise: 1 }))
  const told = () =>
    customer.change(async (effects) => {
      await applyEvent(effects, customer.orgId, news)
      return newDifferences(effects.sql, customer.orgId)
    })
  expect([await told(), await told()]).toMatchObject([[{ kind: 'amount-differs', subject: news.payment?.id }], []])
})
