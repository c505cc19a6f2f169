import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { PaymentGateway } from '#shared/domain/billing/gateway.ts'
import { PlatformError } from '../errors.ts'
import { createRazorpayGateway } from './razorpay.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const key = { keyId: 'rzp_test_abc', keySecret: 'the-secret-of-the-key' }

async function against(listener: RequestListener, options: { attemptSeconds?: number; totalSeconds?: number } = {}) {
  return createRazorpayGateway({ ...key, baseUrl: await serve(listener), backoffMilliseconds: 1, ...options })
}

const window = { from: new Date(0), to: new Date(1e12), count: 100, skip: 0 }
const ourId = '018f0f00-0000-7000-8000-000000000001'
const calls = (gateway: PaymentGateway): (() => Promise<unknown>)[] => [
  () => gateway.createOrder({ amountPaise: 100, receipt: 'r', notes: {} }),
  () => gateway.fetchOrder('order_1'),
  () => gateway.paymentsOfOrder('order_1'),
  () => gateway.fetchPayment('pay_1'),
  () => gateway.capturePayment('pay_1', 100),
  () => gateway.createRefund({ paymentId: 'pay_1', amountPaise: 100, ourId }),
  () => gateway.refundsOfPayment('pay_1'),
  () => gateway.fetchRefund('rfnd_1'),
  () => gateway.fetchDispute('disp_1'),
  () => gateway.createPlan({ name: 'Team', period: 'month', amountPaise: 100 }),
  () => gateway.createSubscription({ planId: 'plan_1', totalCount: 1, startAt: null, upfront: null, notes: {} }),
  () => gateway.fetchSubscription('sub_1'),
  () => gateway.updateSubscription('sub_1', { planId: 'plan_1', when: 'now' }),
  () => gateway.cancelSubscription('sub_1', 'now'),
  () => gateway.pauseSubscription('sub_1'),
  () => gateway.resumeSubscription('sub_1'),
  () => gateway.fetchInvoice('inv_1'),
  () => gateway.invoicesOfSubscription('sub_1'),
  () => gateway.listOrders(window),
  () => gateway.listPayments(window),
  () => gateway.listRefunds(window),
  () => gateway.listSubscriptions(window),
  () => gateway.listSettlements(window),
  () => gateway.listDisputes(window),
]

async function failureOf(work: Promise<unknown>): Promise<PlatformError> {
  const error = await work.then(
    (value) => new Error(`it succeeded with ${inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof PlatformError) return error
  throw error
}

describe('the Razorpay driver', () => {
  const secretAnswer = '{"error":{"code":"SERVER_ERROR","description":"card 4111 1111 1111 1111"}}'
  const answers: [string, RequestListener][] = [
    ['is cut off', (request) => void request.socket.destroy()],
    ['answers 500', (_request, response) => void response.writeHead(500).end(secretAnswer)],
    ['answers 503 with a page', (_request, response) => void response.writeHead(503).end('<html>4111</html>')],
    ['answers with no JSON', (_request, response) => void response.writeHead(200).end('<html>4111</html>')],
    ['answers in another form', (_request, response) => void response.end('{"id":4111,"items":[{"id":4111}]}')],
    ['refuses our key', (_request, response) => void response.writeHead(401).end(secretAnswer)],
    ['is busy', (_request, response) => void response.writeHead(429).end(secretAnswer)],
    [
      'leads elsewhere',
      (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    ],
  ]
  it.each(answers)(
    'says UNAVAILABLE, with no word of the gateway or of the key, when it %s',
    async (_name, listener) => {
      const errors = await Promise.all(
        calls(await against(listener, { totalSeconds: 30 })).map((call) => failureOf(call())),
      )
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['UNAVAILABLE']))
      expect(inspect(errors, { depth: 9 })).not.toMatch(/4111|the-secret-of-the-key|rzp_test_abc|dGhlLXNlY3JldC1vZi10/)
    },
  )

  it('gives up on a gateway that is silent, not there, or answers without end', async () => {
    const silent = await against(() => {}, { attemptSeconds: 0.05, totalSeconds: 0.2 })
    const absent = createRazorpayGateway({ ...key, baseUrl: 'http://127.0.0.1:1', backoffMilliseconds: 1 })
    const errors = await Promise.all([silent, absent].flatMap(calls).map((call) => failureOf(call())))
    const endless = await against((_request, response) => void response.write(' '.repeat(6 * 1024 * 1024)))
    errors.push(await failureOf(endless.updateSubscription('sub_1', { planId: 'plan_1', when: 'now' })))
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['UNAVAILABLE']))
  })

  it('asks nobody when no key is set', async () => {
    const gateway = createRazorpayGateway({ keyId: null, keySecret: null, baseUrl: 'https://api.razorpay.com' })
    expect([gateway.isLive, gateway.keyId, gateway.checkoutUrl('order_1')]).toEqual([false, '', null])
    for (const call of calls(gateway)) {
      expect(await failureOf(call())).toMatchObject({
        code: 'UNAVAILABLE',
        message: 'no payment gateway is configured',
      })
    }
  })

  it('stops at once for whoever goes', async () => {
    const gone = new AbortController()
    const gateway = await against(() => gone.abort(), { attemptSeconds: 600, totalSeconds: 600 })
    expect((await failureOf(gateway.fetchOrder('order_1', gone.signal))).code).toBe('UNAVAILABLE')
  })

  it('knows a live key', () => {
    const gateway = createRazorpayGateway({ ...key, keyId: 'rzp_live_1', baseUrl: 'https://api.razorpay.com' })
    expect([gateway.isLive, gateway.checkoutUrl('order_1')]).toEqual([true, null])
  })

  it('sends what Razorpay documents, under the key, and repeats a refund under its idempotency key', async () => {
    const requests: { line: string; authorization: string | undefined; key: unknown; body: unknown }[] = []
    const payment = { id: 'pay_1', amount: 100, currency: 'INR', status: 'captured', created_at: 1 }
    const refund = { id: 'rfnd_1', payment_id: 'pay_1', amount: 100, currency: 'INR', status: 'pending', created_at: 1 }
    let refusals = 2
    const gateway = await against(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { method, url, headers } = request
      requests.push({
        line: `${method} ${url}`,
        authorization: headers.authorization,
        key: headers['x-refund-idempotency'],
        body: text === '' ? null : JSON.parse(text),
      })
      if (method === 'GET') return void response.end('{"entity":"collection","count":0,"items":[]}')
      if (url?.endsWith('/refund') && refusals-- > 0) return void response.writeHead(refusals ? 409 : 502).end()
      response.end(JSON.stringify(url?.endsWith('/refund') ? refund : payment))
    })
    await gateway.capturePayment('pay_1', 100)
    await gateway.createRefund({ paymentId: 'pay_1', amountPaise: 100, ourId })
    const authorization = `Basic ${Buffer.from(`${key.keyId}:${key.keySecret}`).toString('base64')}`
    const asked = { line: 'POST /v1/payments/pay_1/refund', authorization, key: ourId }
    const body = { amount: 100, speed: 'normal', receipt: ourId, notes: { refund_id: ourId } }
    expect(requests).toEqual([
      {
        line: 'POST /v1/payments/pay_1/capture',
        authorization,
        key: undefined,
        body: { amount: 100, currency: 'INR' },
      },
      { line: 'GET /v1/payments/pay_1/refunds?count=100&skip=0', authorization, key: undefined, body: null },
      { ...asked, body },
      { ...asked, body },
      { ...asked, body },
    ])
  })
})
