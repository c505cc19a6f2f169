import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../../tests/setup/gateway.ts'
import { cycleStart } from './local/cycles.ts'

interface Received {
  id: string
  body: string
  signature: string
  type: string
}

let test: TestGateway
let merchantUrl: string
let received: Received[] = []
let answers: number[] = []
const merchant = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { 'x-razorpay-event-id': id = '', 'x-razorpay-signature': signature = '' } = request.headers
  received.push({ id: String(id), body, signature: String(signature), type: JSON.parse(body).event })
  response.writeHead(answers.shift() ?? 200).end()
})
beforeAll(async () => {
  await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve))
  merchantUrl = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}`
  test = await startTestGateway(inject('clusterUrl'), { webhookUrl: merchantUrl, at: new Date('2026-11-21T06:00:00Z') })
})
afterAll(async () => {
  await test.stop()
  merchant.closeAllConnections()
  merchant.close()
})
afterEach(async () => {
  test.controls.recover()
  await quiet()
  received = []
  answers = []
})

async function quiet(): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await test.controls.isQuiet())) {
    if (Date.now() > deadline) throw new Error('webhooks are still under way')
    await test.controls.deliver()
    await sleep(10)
  }
}

const newOrder = (amountPaise = 589_882) =>
  test.payments.createOrder({ amountPaise, receipt: crypto.randomUUID(), notes: {} })

async function newSubscription(totalCount = 3): Promise<string> {
  const plan = await test.payments.createPlan({ name: 'Team', period: 'month', amountPaise: 100_000 })
  const draft = { planId: plan.id, totalCount, startAt: null, upfront: null, notes: {} }
  return (await test.payments.createSubscription(draft)).id
}

describe('webhooks of the local gateway', () => {
  it('are signed over their bytes and sent in the order in which things happened', async () => {
    const { id } = await newOrder()
    await test.controls.pay(id)
    await quiet()
    expect(received.map(({ type }) => type)).toEqual(['payment.authorized', 'payment.captured', 'order.paid'])
    expect(new Set(received.map((one) => one.id)).size).toBe(3)
    for (const { body, signature } of received) {
      expect(signature).toBe(createHmac('sha256', test.webhookSecret).update(body).digest('hex'))
    }
  })

  it('are repeated until they are taken, as the same event', async () => {
    answers = [500, 404, 301]
    const { id } = await newOrder()
    await test.controls.pay(id, { outcome: 'failed' })
    await quiet()
    expect(received.map(({ type }) => type)).toEqual(Array(4).fill('payment.failed'))
    expect(new Set(received.map((one) => one.id + one.body + one.signature)).size).toBe(1)
  })

  it('are lost, doubled or late on request, and sent again', async () => {
    test.controls.behave({ mode: 'lost' })
    await test.controls.pay((await newOrder()).id, { outcome: 'failed' })
    await quiet()
    expect(received).toEqual([])
    await test.controls.redeliver()
    await quiet()
    expect(received).toHaveLength(1)
    test.controls.behave({ mode: 'doubled', shuffleSeconds: 0.05 })
    await test.controls.pay((await newOrder()).id, { outcome: 'failed' })
    await quiet()
    expect(received.map(({ id }) => received.filter((one) => one.id === id).length)).toEqual([1, 2, 2])
    test.controls.behave({ mode: 'normal', shuffleSeconds: 0, delaySeconds: 3600 })
    await test.controls.pay((await newOrder()).id, { outcome: 'failed' })
    await test.controls.deliver()
    expect([received.length, await test.controls.isQuiet()]).toEqual([3, false])
    await test.controls.hurry()
    await quiet()
    expect(received).toHaveLength(4)
  })
})

describe('the local gateway', () => {
  it('captures a late authorization by itself only while its order is young', async () => {
    const outcomes: string[] = []
    for (const seconds of [60, 25 * 3600]) {
      const { payment } = await test.controls.pay((await newOrder()).id, { outcome: 'failed' })
      test.advance(seconds)
      outcomes.push((await test.controls.authorizeLate(payment.id)).status)
    }
    expect(outcomes).toEqual(['captured', 'authorized'])
  })

  it('charges mandates when they are due, for each month that has passed, and ends with the last', async () => {
    const id = await newSubscription()
    await test.controls.authorizeMandate(id)
    await test.controls.chargeDue()
    expect(await test.payments.fetchSubscription(id)).toMatchObject({ paidCount: 1, status: 'active' })
    test.advance(80 * 86_400)
    await test.controls.chargeDue()
    expect(await test.payments.fetchSubscription(id)).toMatchObject({
      paidCount: 3,
      status: 'completed',
      chargeAt: null,
    })
    await quiet()
    expect(received.map(({ type }) => type).filter((type) => type.startsWith('subscription.'))).toEqual([
      'subscription.authenticated',
      'subscription.activated',
      'subscription.charged',
      'subscription.charged',
      'subscription.charged',
      'subscription.completed',
    ])
  })

  it('ends a mandate at the end of its period when that was asked for', async () => {
    const id = await newSubscription()
    await test.controls.authorizeMandate(id, { method: 'upi' })
    await test.payments.cancelSubscription(id, 'period-end')
    test.advance(32 * 86_400)
    await test.controls.chargeDue()
    expect(await test.payments.fetchSubscription(id)).toMatchObject({ paidCount: 1, status: 'cancelled' })
  })

  it('pays out exactly what came in less fees, refunds and lost disputes', async () => {
    await test.controls.settle()
    const paid = await Promise.all([100_000, 250_000, 77_777].map((amount) => newOrder(amount)))
    const payments: string[] = []
    for (const { id } of paid) payments.push((await test.controls.pay(id)).payment.id)
    await test.controls.refund(payments[0]!, 30_001)
    const { id: disputeId } = await test.controls.dispute(payments[1]!, { amount: 50_000, isDeducted: true })
    const fees = await Promise.all(payments.map(async (id) => (await test.payments.fetchPayment(id)).feePaise!))
    const feesPaise = fees.reduce((sum, fee) => sum + fee)
    const settled = await test.controls.settle()
    expect(settled).toMatchObject({ amount: 427_777 - feesPaise - 30_001 - 50_000, fees: feesPaise })
    await test.controls.moveDispute(disputeId, 'won')
    expect(await test.controls.settle()).toMatchObject({ amount: 50_000, fees: 0 })
    expect(await test.controls.settle()).toBeNull()
  })

  it('lets nobody ask or change anything without the key', async () => {
    const wrong = Buffer.from(`${test.keyId}:another`).toString('base64')
    for (const headers of [{}, { authorization: `Basic ${wrong}` }, { authorization: 'Bearer x' }]) {
      for (const path of ['/v1/orders', '/local/webhooks', '/v1/nothing', '/']) {
        expect((await fetch(`${test.url}/razorpay${path}`, { headers })).status).toBe(401)
      }
    }
  })

  it('does over HTTP, with the key, what can be made to happen', async () => {
    const authorization = `Basic ${Buffer.from(`${test.keyId}:${test.keySecret}`).toString('base64')}`
    const control = (path: string, body: object = {}) =>
      fetch(`${test.url}/razorpay/local${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const { id } = await newOrder()
    const answer = await control(`/orders/${id}/pay`, { method: 'upi' })
    const paid = (await answer.json()) as { razorpay_payment_id: string }
    expect(paid).toMatchObject({ razorpay_order_id: id, payment: { method: 'upi', status: 'captured' } })
    expect((await control(`/payments/${paid.razorpay_payment_id}/refund`, { amount: 100 })).status).toBe(200)
    await control('/failures', { mode: 'refused', method: 'GET', path: '/orders', times: 9 })
    await expect(test.payments.fetchOrder(id)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await control('/behaviour', { mode: 'lost' })).status).toBe(200)
    expect((await control('/behaviour', { mode: 'stolen' })).status).toBe(400)
    expect((await control('/nothing')).status).toBe(404)
  })
})

describe('the checkout page', () => {
  const open = (path: string, decision?: string, headers: Record<string, string> = {}) =>
    fetch(
      test.url + path,
      decision === undefined ? {} : { method: 'POST', body: new URLSearchParams({ decision }), headers },
    )

  it('lets somebody fail, pay, and take the signed result back', async () => {
    const { id } = await newOrder(12_345_605)
    const back = encodeURIComponent(`${test.url}/done`)
    const path = `/razorpay/checkout/${id}?callback_url=${back}`
    expect(await (await open(path)).text()).toContain('₹1,23,456.05')
    expect(await (await open(path, 'card:fail')).text()).toContain('The payment failed.')
    expect((await test.payments.fetchOrder(id)).status).toBe('attempted')
    const page = await (await open(path, 'upi:pay')).text()
    const paymentId = /id="razorpay_payment_id">(\w+)</.exec(page)?.[1] ?? ''
    const signature = createHmac('sha256', test.keySecret).update(`${id}|${paymentId}`).digest('hex')
    expect(page).toContain(`name="razorpay_signature" value="${signature}"`)
    expect(page).toContain(`action="${test.url}/done"`)
    expect(await test.payments.fetchPayment(paymentId)).toMatchObject({ status: 'captured', orderId: id })
    expect(await (await open(path, 'upi:pay')).text()).toContain('This order is paid')
    expect(await test.payments.paymentsOfOrder(id)).toHaveLength(2)
  })

  it('lets somebody leave, or authorize a mandate', async () => {
    const { id } = await newOrder()
    await open(`/razorpay/checkout/${id}`, 'close')
    expect(await test.payments.paymentsOfOrder(id)).toEqual([])
    const subscription = await test.payments.fetchSubscription(await newSubscription())
    const path = new URL(subscription.shortUrl ?? '').pathname
    expect(await (await open(path)).text()).toContain('₹1,000.00 a month')
    await open(path, 'card:fail')
    expect((await test.payments.fetchSubscription(subscription.id)).status).toBe('created')
    await open(path, 'upi:pay')
    expect(await test.payments.fetchSubscription(subscription.id)).toMatchObject({
      status: 'active',
      paymentMethod: 'upi',
    })
  })

  it('sends nothing to other origins, takes no form of other sites, and runs nothing', async () => {
    const { id } = await newOrder()
    const path = `/razorpay/checkout/${id}`
    const others = ['https://evil.example/', 'javascript:alert(1)', '//evil.example', 'x', `blob:${test.url}/x`]
    for (const callback of others) {
      expect((await open(`${path}?callback_url=${encodeURIComponent(callback)}`)).status).toBe(400)
    }
    expect((await open(path, 'card:pay', { origin: 'https://evil.example' })).status).toBe(403)
    expect((await open(path, 'card:pay', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await open(path, 'gold:pay')).status).toBe(400)
    expect((await open('/razorpay/checkout/order_00000000000000')).status).toBe(400)
    expect((await open('/razorpay/checkout/<script>')).status).toBe(400)
    expect(await test.payments.paymentsOfOrder(id)).toEqual([])
    const { headers } = await open(path)
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action/)
  })
})

describe('a billing cycle', () => {
  const start = (anchor: string, period: 'monthly' | 'yearly', count: number) =>
    new Date(cycleStart(Date.parse(anchor) / 1000, period, count) * 1000).toISOString()

  it('begins on the same day in India, or the last of a shorter month, and comes back to it', () => {
    const days = [1, 2, 3, 12].map((count) => start('2027-01-31T10:00:00+05:30', 'monthly', count))
    expect(days).toEqual([
      '2027-02-28T04:30:00.000Z',
      '2027-03-31T04:30:00.000Z',
      '2027-04-30T04:30:00.000Z',
      '2028-01-31T04:30:00.000Z',
    ])
    expect(start('2028-02-29T00:00:00+05:30', 'yearly', 1)).toBe('2029-02-27T18:30:00.000Z')
    expect(start('2028-02-29T00:00:00+05:30', 'yearly', 4)).toBe('2032-02-28T18:30:00.000Z')
    // The evening before in London is the first of the month in India.
    expect(start('2026-11-30T20:00:00Z', 'monthly', 1)).toBe('2026-12-31T20:00:00.000Z')
  })
})
