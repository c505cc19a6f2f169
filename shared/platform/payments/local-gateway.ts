import { hash, randomBytes as systemRandomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { drain } from '../drain.ts'
import { PlatformError } from '../errors.ts'
import { findRoute, routes } from './local/api.ts'
import { ApiError } from './local/api-error.ts'
import { type Behaviour, createFailures, type Failure, usual } from './local/behaviour.ts'
import { createPages } from './local/checkout.ts'
import { controlRoutes } from './local/control-routes.ts'
import { createDeliveries } from './local/deliveries.ts'
import { hasKey, readForm, readJson, sendError, sendJson, sendPage } from './local/http.ts'
import { authorize, authorizeLate, capture, type Method, newPayment, type Outcome, payOrder } from './local/payments.ts'
import { createRefund, endRefund } from './local/refunds.ts'
import { moveDispute, openDispute, settle } from './local/settlements.ts'
import { signPayment } from './local/signatures.ts'
import { openStore, type SignedEvent } from './local/store.ts'
import { authorizeMandate, charge, chargeDue, expire, halt } from './local/subscriptions.ts'
import type { WireDispute, WirePayment, WireRefund, WireSettlement, WireSubscription } from './local/wire.ts'

/** Where the gateway is mounted. */
export const localGatewayPath = '/razorpay'

/** So long the bank of a late payment takes. */
const lateSeconds = 15

/** What the checkout hands over once somebody has paid. */
export interface CheckoutResult {
  razorpay_payment_id: string
  razorpay_order_id: string
  razorpay_signature: string
}

export interface LocalGatewayOptions {
  /** The embedded cloud's database. */
  databaseUrl: string
  /** Origin that it is reached under; its API is at this and `/razorpay`. */
  publicUrl: string
  keyId: string
  keySecret: string
  webhookSecret: string
  /** Where webhooks go; null: nowhere, they are only kept. */
  webhookUrl: string | null
  /** Origins, beside its own, that a checkout may return to. */
  callbackOrigins?: readonly string[]
  now?: () => Date
  randomBytes?: (count: number) => Uint8Array
  /** Below 1 only in tests, which can't wait for retries. */
  backoffScale?: number
  /** So long a webhook's receiver has to answer: 5 seconds, as at Razorpay. */
  answerSeconds?: number
  /** How often it looks for what is due; null: on request alone. */
  lookSeconds?: number | null
  onError?: (error: unknown) => void
}

export interface LocalGateway {
  readonly keyId: string
  /** Answers a request under `/razorpay`; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>

  /** Somebody pays at the checkout. */
  pay(
    orderId: string,
    options?: { outcome?: Outcome; method?: Method; evenIfPaid?: boolean; amount?: number | undefined },
  ): Promise<CheckoutResult & { payment: WirePayment }>
  /** Money that belongs to no order. */
  receive(payment: { amount: number; currency?: string }): Promise<WirePayment>
  /** A failed payment turns out to have been authorized. */
  authorizeLate(paymentId: string): Promise<WirePayment>
  /** The same, in a few seconds. */
  authorizeSoon(paymentId: string): void
  /** Somebody refunds at the dashboard; all that is left when `amount` is null. */
  refund(paymentId: string, amount?: number | null): Promise<WireRefund>
  endRefund(refundId: string, status: 'processed' | 'failed'): Promise<WireRefund>
  dispute(paymentId: string, options?: { amount?: number | null; isDeducted?: boolean }): Promise<WireDispute>
  moveDispute(disputeId: string, status: WireDispute['status']): Promise<WireDispute>
  /** The customer says yes to a mandate, and pays what is due with that. */
  authorizeMandate(subscriptionId: string, options?: { method?: Method; succeeds?: boolean }): Promise<WireSubscription>
  /** The next charge, whether or not it is due; of one that is pending or halted, once more. */
  charge(subscriptionId: string, options?: { succeeds?: boolean }): Promise<WireSubscription>
  halt(subscriptionId: string): Promise<WireSubscription>
  expire(subscriptionId: string): Promise<WireSubscription>
  /** Makes all charges that are due by the clock. */
  chargeDue(): Promise<void>
  /** Pays out what came in since the last time; null when that is nothing. */
  settle(): Promise<WireSettlement | null>

  /** Every event so far, in the order in which things happened, whether or not it was delivered. */
  events(): Promise<SignedEvent[]>
  /** Changes how it behaves from now on. */
  behave(changes: { [Name in keyof Behaviour]?: Behaviour[Name] | undefined }): void
  /** Something goes wrong with the next requests of this kind. */
  fail(failure: { [Name in keyof Failure]: Failure[Name] | undefined } & Pick<Failure, 'mode'>): void
  /** Behaves as usual again. */
  recover(): void
  /** Sends again what was lost or given up. */
  redeliver(): Promise<void>
  /** What is late, or waits to be repeated, is due now. */
  hurry(): Promise<void>
  /** Sends what is due and returns when nothing is. */
  deliver(): Promise<void>
  /** Whether every webhook has come to its end. */
  isQuiet(): Promise<boolean>
  stop(): Promise<void>
}

/**
 * Opens the embedded payment gateway, which stands in for Razorpay on one machine: the part of its API that we use,
 * pages on which people pay, and signed webhooks. No money moves. Its objects are kept in the schema `razorpay`.
 *
 * @throws the database's error when it can't be reached
 */
export async function createLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { keyId, keySecret, now = () => new Date(), randomBytes = systemRandomBytes, onError = console.error } = options
  const publicUrl = options.publicUrl.replace(/\/$/, '')
  const random = (below: number) => (Buffer.from(randomBytes(4)).readUInt32BE() / 2 ** 32) * below
  let behaviour: Behaviour = usual
  const soon = new Set<NodeJS.Timeout>()
  const failures = createFailures()
  const store = await openStore({
    databaseUrl: options.databaseUrl,
    accountId: `acc_${hash('sha256', keyId, 'hex').slice(0, 14)}`,
    webhookSecret: options.webhookSecret,
    now,
    randomBytes,
    planDeliveries() {
      const delay = () => behaviour.delaySeconds + random(behaviour.shuffleSeconds)
      if (options.webhookUrl === null || behaviour.mode === 'lost') return []
      return behaviour.mode === 'doubled' ? [delay(), delay()] : [delay()]
    },
  })
  const deliveries =
    options.webhookUrl === null
      ? null
      : createDeliveries({
          store,
          url: options.webhookUrl,
          backoffScale: options.backoffScale ?? 1,
          answerSeconds: options.answerSeconds ?? 5,
          onError,
        })

  /** A change, and what it tells of on its way. */
  const change: typeof store.change = async (work) => {
    const result = await store.change(work)
    void deliveries?.look()
    return result
  }

  const gateway: LocalGateway = {
    keyId,
    handle,
    async pay(orderId, { outcome = 'captured', method = 'card', evenIfPaid = false, amount } = {}) {
      const payment = await change((work) =>
        payOrder(work, orderId, { outcome, method, evenIfPaid, ...(amount === undefined ? {} : { amount }) }),
      )
      return { ...resultOf(orderId, payment.id), payment }
    },
    receive: ({ amount, currency = 'INR' }) =>
      change(async (work) => {
        const payment = await newPayment(work, { amount, currency, orderId: null, invoiceId: null, method: 'upi' })
        await authorize(work, payment, false)
        await capture(work, payment)
        return payment.wire
      }),
    authorizeLate: (id) => change((work) => authorizeLate(work, id)),
    authorizeSoon(id) {
      const timer = setTimeout(() => {
        soon.delete(timer)
        gateway.authorizeLate(id).catch(onError)
      }, lateSeconds * 1000)
      soon.add(timer.unref())
    },
    refund: (paymentId, amount = null) =>
      change((work) => {
        const isInstant = !behaviour.refundsPend
        return createRefund(work, { paymentId, amount, notes: [], receipt: null, key: null, isInstant })
      }),
    endRefund: (id, status) => change((work) => endRefund(work, id, status)),
    dispute: (id, { amount = null, isDeducted = false } = {}) =>
      change((work) => openDispute(work, id, { amount, isDeducted })),
    moveDispute: (id, status) => change((work) => moveDispute(work, id, status)),
    authorizeMandate: (id, { method = 'card', succeeds = true } = {}) =>
      change((work) => authorizeMandate(work, id, { method, succeeds })),
    charge: (id, { succeeds = true } = {}) => change((work) => charge(work, id, { succeeds })),
    halt: (id) => change((work) => halt(work, id)),
    expire: (id) => change((work) => expire(work, id)),
    chargeDue: () => change(chargeDue),
    settle: () => change(settle),
    events: () => store.events(),
    behave(changes) {
      behaviour = { ...behaviour, ...withoutUndefined(changes) }
    },
    fail: (failure) => failures.add(withoutUndefined(failure) as Failure),
    recover() {
      behaviour = usual
      failures.clear()
    },
    async redeliver() {
      await store.redeliver()
      void deliveries?.look()
    },
    async hurry() {
      await store.hurry()
      void deliveries?.look()
    },
    deliver: async () => deliveries?.look(),
    isQuiet: () => store.isQuiet(),
    async stop() {
      clearInterval(looking)
      for (const timer of soon) clearTimeout(timer)
      await looked
      await deliveries?.stop()
      await store.close()
    },
  }

  function resultOf(orderId: string, paymentId: string): CheckoutResult {
    return {
      razorpay_payment_id: paymentId,
      razorpay_order_id: orderId,
      razorpay_signature: signPayment(orderId, paymentId, keySecret),
    }
  }

  const mandateUrl = (id: string) => `${publicUrl}${localGatewayPath}/mandate/${id}`
  const pages = createPages({
    gateway,
    read: store.read,
    callbackOrigins: [new URL(publicUrl).origin, ...(options.callbackOrigins ?? [])],
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '', 'http://gateway')
      const path = url.pathname.slice(localGatewayPath.length)
      if (/^\/(checkout|mandate)\//.test(path)) return await show(request, response, path, url.searchParams)
      if (!hasKey(request, keyId, keySecret)) throw new ApiError(401, 'Authentication failed')
      if (path.startsWith('/local/')) return await control(request, response, path.slice('/local'.length))
      if (path.startsWith('/v1/')) return await answer(request, response, path.slice('/v1'.length), url.searchParams)
      throw new ApiError(404, 'The requested URL was not found on the server.')
    } catch (error) {
      if (response.headersSent || request.socket.destroyed) response.destroy()
      else if (error instanceof ApiError) sendError(request, response, error)
      else {
        onError(error)
        sendError(request, response, new ApiError(500, 'The server encountered an error.'))
      }
    }
  }

  async function show(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    try {
      const form = request.method === 'POST' ? await readForm(request) : null
      sendPage(response, 200, await pages.answer(request, path, query, form))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      drain(request)
      sendPage(response, error.status, pages.refusal(error))
    }
  }

  async function control(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { route, id } = findRoute(controlRoutes, request.method ?? '', path)
    sendJson(response, 200, (await route(gateway, id, await readJson(request))) ?? {})
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const method = request.method ?? ''
    const { route, id } = findRoute(routes, method, path)
    const body = method === 'GET' ? {} : await readJson(request)
    const failure = failures.take(method, path)
    if (failure?.mode === 'refused') throw new ApiError(503, 'The server is down for maintenance.')
    if (failure?.mode === 'throttled') throw new ApiError(429, 'Request failed. Please try after sometime.')
    if (failure?.mode === 'unanswered') return void response.destroy()
    const key = request.headers['x-refund-idempotency']
    const result = await (method === 'GET' ? store.read : change)((work) =>
      route({
        work,
        id,
        query,
        body,
        refundKey: typeof key === 'string' ? key : null,
        refundsPend: behaviour.refundsPend,
        shortUrl: mandateUrl,
      }),
    )
    if (failure?.mode === 'answer-lost') return void response.destroy()
    if (failure?.mode === 'failed-after') throw new ApiError(500, 'The server encountered an error.')
    if (failure?.mode === 'late') await sleep(failure.milliseconds)
    sendJson(response, 200, result)
  }

  /** By the clock: charges, and deliveries that are repeated. */
  let looked: Promise<unknown> = Promise.resolve()
  const look = () => {
    looked = looked
      .then(async () => {
        if (await store.hasDueCharges()) await gateway.chargeDue()
        await deliveries?.look()
      })
      .catch(onError)
  }
  const { lookSeconds = 1 } = options
  const looking = lookSeconds === null ? undefined : setInterval(look, lookSeconds * 1000).unref()
  if (looking) look()
  return gateway
}

function withoutUndefined<Value extends object>(
  value: Value,
): { [Name in keyof Value]: Exclude<Value[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}

/** @throws PlatformError INVALID_ARGUMENT */
export function localKeyId(installationSecret: string): string {
  if (installationSecret.length < 16) throw new PlatformError('INVALID_ARGUMENT', 'the secret is too short')
  return `rzp_test_${hash('sha256', `key id ${installationSecret}`, 'hex').slice(0, 14)}`
}
