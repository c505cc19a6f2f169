import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { Random } from '../faults/random.ts'
import type { RecordedEvent } from '../setup/gateway.ts'
import { call } from '../setup/product.ts'
import { type Customer, type Order, openShop, type Shop } from './shop.ts'

/** Repeat with another by ADAPT_FAULT_SEED=… */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
const team = { plan_id: 'team', period: 'month', seats: 5 }
const previousSecret = 'webhook-secret-of-last-week'
const entitled = { plan: 'team', seats: 5 }

// For machines that are busy: no measure of anything.
vi.setConfig({ testTimeout: 240_000 })

let shop: Shop
beforeAll(async () => {
  shop = await openShop(undefined, { RAZORPAY_WEBHOOK_SECRET_PREVIOUS: previousSecret })
})
afterAll(() => shop?.close())

const readOrder = (customer: Customer, { id }: Order) => customer.ask('GET', `/v1/billing/orders/${id}`)
const verify = (customer: Customer, order: Order, result: object, status?: number) =>
  customer.ask('POST', `/v1/billing/orders/${order.id}/verification`, result, status)
const readPayment = (customer: Customer, gatewayId: string) =>
  shop.owner`select id from payments where gateway_payment_id = ${gatewayId}`.then(([row]) =>
    customer.ask('GET', `/v1/billing/payments/${row?.id}`),
  )
const invoicesOf = async (customer: Customer) => (await customer.ask('GET', '/v1/billing/invoices')).data

interface Document {
  kind: string
  status: string
  total_paise: number
}
const sumOf = (documents: Document[], kind: string) =>
  documents.reduce((sum, one) => sum + (one.kind === kind ? one.total_paise : 0), 0)

/** What a customer has after one order of a month of Team was paid, whatever way that became known. */
async function expectBought(customer: Customer, order: Order): Promise<void> {
  expect(await readOrder(customer, order)).toMatchObject({ status: 'paid', fulfilled_at: expect.any(String) })
  expect(await invoicesOf(customer)).toMatchObject([
    { kind: 'invoice', status: 'final', net_paise: 499_900, cgst_paise: 44_991, sgst_paise: 44_991 },
  ])
  expect(await customer.ask('GET', '/v1/billing/entitlements')).toMatchObject({ plan_id: 'team', seats: 5 })
  await shop.expectBooksInOrder({ [customer.orgId]: entitled })
}

describe('what was paid is given once', () => {
  test('when a webhook alone tells of it', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    expect(order.amountPaise).toBe(589_882)
    await shop.gateway.controls.pay(order.gatewayOrderId)
    await shop.settle()
    await expectBought(customer, order)
    const mail = shop.mails.filter(({ to }) => to === 'accounts@example.org').at(-1)
    expect(mail?.attachments?.map(({ mediaType }) => mediaType)).toEqual(['application/pdf'])
  })

  test('when the browser alone brings the verification, before any webhook', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    const { payment: _, ...result } = await shop.gateway.controls.pay(order.gatewayOrderId)
    await verify(customer, order, result)
    await expectBought(customer, order)
    await shop.settle()
    await expectBought(customer, order)
  })

  test('when the verification and all webhooks come at the same moment, each of them several times', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    const { payment: _, ...result } = await shop.gateway.controls.pay(order.gatewayOrderId)
    const events = await shop.news()
    await Promise.all([
      ...[1, 2, 3].map(() => verify(customer, order, result)),
      ...[...events, ...events].map(async (event) => expect((await shop.deliver(event)).status).toBe(200)),
    ])
    await shop.drain({ copies: 3, random: new Random(seed) })
    await expectBought(customer, order)
  })
})

describe('a payment that does not go straight', () => {
  test('fails, is authorized late after another has paid the order, and is paid back', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    const { payment: failed } = await shop.gateway.controls.pay(order.gatewayOrderId, { outcome: 'failed' })
    await shop.settle()
    expect(await readOrder(customer, order)).toMatchObject({ status: 'attempted' })
    await shop.expectBooksInOrder({ [customer.orgId]: null })

    await shop.gateway.controls.pay(order.gatewayOrderId, { method: 'upi' })
    await shop.gateway.controls.authorizeLate(failed.id)
    await shop.settle()
    await shop.pass(0.01)
    await shop.settle()
    await expectBought(customer, order)
    const payments = (await customer.ask('GET', '/v1/billing/payments')).data
    expect(payments.map(({ status }: { status: string }) => status).sort()).toEqual(['captured', 'refunded'])
  })

  test('fails, and pays the order when it is authorized late', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    const { payment } = await shop.gateway.controls.pay(order.gatewayOrderId, { outcome: 'failed' })
    await shop.settle()
    await shop.gateway.controls.authorizeLate(payment.id)
    await shop.settle()
    await expectBought(customer, order)
  })

  test('is authorized and never captured by itself: we capture it', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    await shop.gateway.controls.pay(order.gatewayOrderId, { outcome: 'authorized' })
    await shop.settle()
    await shop.expectBooksInOrder({ [customer.orgId]: null })
    await shop.pass(0.01)
    await shop.settle()
    await expectBought(customer, order)
  })

  test('is captured and every webhook of it lost: reconciliation finds it', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    await shop.gateway.controls.pay(order.gatewayOrderId)
    expect((await shop.news()).length).toBeGreaterThan(2)
    await shop.pass(0.5)
    await shop.cron('billing-reconcile')
    await expectBought(customer, order)
    // The webhooks come a day late after all.
    for (const event of await shop.gateway.events()) expect((await shop.deliver(event)).status).toBe(200)
    await shop.drain()
    await expectBought(customer, order)
  })

  test('comes twice for one order: the second is paid back', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    for (const method of ['card', 'upi'] as const) {
      await shop.gateway.controls.pay(order.gatewayOrderId, { method, evenIfPaid: true })
    }
    await shop.settle()
    await expectBought(customer, order)
    const payments = await shop.gateway.payments.paymentsOfOrder(order.gatewayOrderId)
    expect(payments.map(({ status }) => status).sort()).toEqual(['captured', 'refunded'])
  })
})

describe('webhooks', () => {
  test(`doubled and in any order end as if each had come once, in its turn (seed ${seed})`, async () => {
    const random = new Random(seed)
    for (const then of ['refunded', 'paid twice', 'refunded'] as const) {
      const customer = await shop.customer()
      const order = await shop.order(customer, team)
      const { payment: failed } = await shop.gateway.controls.pay(order.gatewayOrderId, { outcome: 'failed' })
      const { payment } = await shop.gateway.controls.pay(order.gatewayOrderId)
      if (then === 'refunded') await shop.gateway.controls.refund(payment.id, 100_000)
      else await shop.gateway.controls.authorizeLate(failed.id)
      const events = await shop.news()
      for (const event of random.shuffle([...events, ...events, ...events.slice(0, 3)])) {
        expect((await shop.deliver(event)).status).toBe(200)
        if (random.next() < 0.5) await shop.drain({ copies: 2, random })
      }
      await shop.drain({ copies: 2, random })
      await shop.settle()
      await shop.cron('billing-follow-up')
      await shop.settle()
      expect((await readOrder(customer, order)).status).toBe('paid')
      expect(await invoicesOf(customer)).toHaveLength(then === 'refunded' ? 2 : 1)
      await shop.expectBooksInOrder({ [customer.orgId]: entitled })
    }
  })

  test('signed by the secret before the current one are taken too', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    await shop.gateway.controls.pay(order.gatewayOrderId)
    for (const event of await shop.news()) {
      const signature = shop.gateway.sign(event.rawBody, previousSecret)
      expect((await shop.deliver({ ...event, signature })).status).toBe(200)
    }
    await shop.drain()
    await expectBought(customer, order)
  })

  test('are refused when they are forged, changed or written anew, and nothing of them is kept', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    const { payment } = await shop.gateway.controls.pay(order.gatewayOrderId)
    const event = (await shop.news()).find(({ type }) => type === 'payment.captured') as RecordedEvent
    const forged = [
      { signature: '' },
      { signature: 'f'.repeat(64) },
      { signature: event.signature.slice(0, -2) },
      { signature: event.signature.toUpperCase() },
      { signature: shop.gateway.sign(event.rawBody, 'another-secret') },
      { rawBody: event.rawBody.replace(`"amount":${payment.amount}`, '"amount":1') },
      { rawBody: JSON.stringify(JSON.parse(event.rawBody), null, 1) },
      { rawBody: `${event.rawBody} ` },
      { rawBody: event.rawBody.replace('/', '\\/').replace('"entity"', '"\\u0065ntity"') },
    ]
    for (const changed of forged) {
      const answer = await shop.deliver({ ...event, id: newId(), ...changed })
      expect([answer.status, answer.body.error?.code]).toEqual([401, 'UNAUTHENTICATED'])
    }
    expect(await shop.owner`select id from gateway_events where org_id = ${customer.orgId}`).toHaveLength(0)
    await shop.drain()
    await shop.expectBooksInOrder({ [customer.orgId]: null })
    expect((await shop.deliver(event)).status).toBe(200)
    await shop.drain()
    await expectBought(customer, order)
  })
})

describe('refunds', () => {
  const refund = (paymentId: string, body: object) =>
    call(shop.url, 'POST', `/v1/operator/payments/${paymentId}/refunds`, { token: shop.operator, body })

  test('in part and then of the rest take the sale back once, and no paisa more', async () => {
    const customer = await shop.customer()
    const { paymentId, amountPaise } = await shop.buy(customer, team)
    const asked = await Promise.all([1, 2, 3].map(() => refund(paymentId, { amount_paise: 300_000, reason: 'Twice' })))
    // One of them fits into what was paid.
    expect(asked.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    await shop.settle()
    expect(await readPayment(customer, paymentId)).toMatchObject({
      status: 'partially_refunded',
      refunded_paise: 300_000,
    })
    expect((await refund(paymentId, { reason: 'All of the rest' })).status).toBe(201)
    await shop.settle()
    expect(await readPayment(customer, paymentId)).toMatchObject({ status: 'refunded', refunded_paise: amountPaise })
    expect((await refund(paymentId, { reason: 'Once more' })).status).toBe(409)
    const documents = await invoicesOf(customer)
    expect(documents.filter(({ kind }: Document) => kind === 'credit_note')).toHaveLength(2)
    expect(documents.filter(({ status }: Document) => status === 'void')).toMatchObject([{ kind: 'invoice' }])
    expect(sumOf(documents, 'invoice')).toBe(sumOf(documents, 'credit_note'))
    // What was bought is another matter: an operator takes it back, or the period ends.
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
  })

  test('of the same payment at our door and at the gateway’s dashboard at once never exceed it', async () => {
    const customer = await shop.customer()
    const { paymentId, amountPaise } = await shop.buy(customer, team)
    expect((await refund(paymentId, { amount_paise: 400_000, reason: 'By us' })).status).toBe(201)
    await shop.gateway.controls.refund(paymentId, 300_000)
    await shop.settle()
    // The gateway had paid back too much for ours by then, and refused it: that is for somebody to see.
    expect(await readPayment(customer, paymentId)).toMatchObject({ refunded_paise: 300_000 })
    const open = await shop.owner`
      select kind from billing_differences where org_id = ${customer.orgId} and status = 'open'`
    expect(open.map(({ kind }) => kind)).toEqual(['refund-refused'])
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
    expect((await refund(paymentId, { reason: 'The rest' })).body).toMatchObject({
      amount_paise: amountPaise - 300_000,
    })
    await shop.settle()
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
  })

  test('that the gateway ends later are booked then, and not when they fail', async () => {
    const customer = await shop.customer()
    const { paymentId } = await shop.buy(customer, team)
    shop.gateway.controls.behave({ refundsPend: true })
    for (const amount_paise of [100_000, 200_000]) {
      expect((await refund(paymentId, { amount_paise, reason: 'Later' })).status).toBe(201)
    }
    await shop.settle()
    shop.gateway.controls.recover()
    expect(await readPayment(customer, paymentId)).toMatchObject({ status: 'captured', refunded_paise: 0 })
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
    for (const { id, amountPaise } of await shop.gateway.payments.refundsOfPayment(paymentId)) {
      await shop.gateway.controls.endRefund(id, amountPaise === 100_000 ? 'failed' : 'processed')
    }
    await shop.settle()
    expect(await readPayment(customer, paymentId)).toMatchObject({ refunded_paise: 200_000 })
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
  })
})

describe('disputes', () => {
  test.each([
    ['won', 0],
    ['lost', 589_882],
  ] as const)('that are %s leave what was held back where it belongs', async (end, lost) => {
    const customer = await shop.customer()
    const { paymentId, amountPaise } = await shop.buy(customer, team)
    const balance = async (account: string) => {
      const [row] = await shop.owner<{ paise: number }[]>`
        select balance_paise as paise from ledger_balances where org_id = ${customer.orgId} and account = ${account}`
      return row?.paise ?? 0
    }
    const clearing = await balance('1100')
    const { id } = await shop.gateway.controls.dispute(paymentId, { isDeducted: true })
    await shop.settle()
    expect([await balance('1150'), await balance('1100')]).toEqual([amountPaise, clearing - amountPaise])
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
    await shop.gateway.controls.moveDispute(id, 'under_review')
    await shop.gateway.controls.moveDispute(id, end)
    // The end is heard of before what came before it.
    for (const event of (await shop.news()).reverse()) expect((await shop.deliver(event)).status).toBe(200)
    await shop.drain()
    expect([await balance('1150'), await balance('5100')]).toEqual([0, lost])
    expect(await balance('1100')).toBe(clearing - lost)
    await shop.expectBooksInOrder({ [customer.orgId]: entitled })
  })
})

test('all of the above, settled to the bank and looked through at night, needs no repair', async () => {
  await shop.gateway.controls.settle()
  await shop.settle()
  const before = await shop.owner`select count(*)::integer from billing_differences`
  await shop.pass(0.5)
  await shop.cron('billing-reconcile')
  await shop.settle()
  expect(await shop.owner`select count(*)::integer from billing_differences`).toEqual(before)
  const [bank] = await shop.owner`select balance_paise from ledger_balances where account = '1000'`
  expect(bank?.balance_paise).toBeGreaterThan(0)
  await shop.cron('billing-check-invariants')
  expect(await shop.owner`select invariant from billing_checks where not holds`).toEqual([])
  await shop.expectBooksInOrder({})
})
