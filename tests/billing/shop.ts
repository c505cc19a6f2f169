import postgres from 'postgres'
import { expect, inject } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import type { Mail } from '#shared/platform/mail/index.ts'
import { localGatewayPath } from '#shared/platform/payments/local-gateway.ts'
import type { Services } from '#shared/runtime/services.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { Carrier } from '../faults/carrier.ts'
import { Random } from '../faults/random.ts'
import { type RecordedEvent, startTestGateway, type TestGateway } from '../setup/gateway.ts'
import { startInstance } from '../setup/instance.ts'
import { signUpOperator } from '../setup/operator.ts'
import { type Answer, call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { type Entitled, expectBooksInOrder } from './books.ts'

const daySeconds = 86_400
/** Our clock, as against that of the gateway. */
const aheadMilliseconds = 1_700

/** An organization that buys; all of them have the same owner. */
export interface Customer {
  token: string
  orgId: string
  /** Headers that name it. */
  headers: Record<string, string>
  /** One call, expected to be answered with this status; its body. */
  ask(method: string, path: string, body?: unknown, status?: number): Promise<Answer['body']>
}

export interface Order {
  id: string
  gatewayOrderId: string
  /** To be paid. */
  amountPaise: number
}

export interface Drain {
  /** How often each message comes at most. */
  copies?: number
  random?: Random
  /** Those for later too. */
  later?: boolean
  /** A function whose messages stay where they are. */
  except?: string
}

/**
 * The product with its real functions and the local gateway, where time passes and messages and webhooks come only when a
 * test says so. Each scenario has an organization of its own.
 */
export interface Shop {
  url: string
  /** What its functions work with. */
  services: Services
  product: TestProduct
  database: Database
  owner: postgres.Sql
  carrier: Carrier
  gateway: TestGateway
  mails: Mail[]
  /** Token of somebody who runs the installation. */
  operator: string
  customer(account?: Record<string, unknown>): Promise<Customer>
  /** Orders a plan; what is left is to pay it. */
  order(customer: Customer, terms: Record<string, unknown>): Promise<Order>
  /** Orders a plan and pays it, to the end. */
  buy(customer: Customer, terms: Record<string, unknown>): Promise<Order & { paymentId: string }>
  /** What the gateway told since the last time. */
  news(): Promise<RecordedEvent[]>
  /** Brings one webhook, as the gateway does; to another instance where one is named. */
  deliver(event: Pick<RecordedEvent, 'id' | 'rawBody' | 'signature'>, to?: string): Promise<Answer>
  /** Delivers messages until none is left but those for later. */
  drain(options?: Drain): Promise<void>
  /** Brings what the gateway told, and all that follows from it, until all is quiet. */
  settle(options?: Drain): Promise<void>
  /** Time passes, and what was for later is done. */
  pass(days: number): Promise<void>
  /** Until then, if it is later than now. */
  passUntil(at: string | Date): Promise<void>
  /** Has a schedule run, and delivers what it sends. */
  cron(name: string, options?: Drain): Promise<void>
  expectBooksInOrder(entitled: Readonly<Record<string, Entitled>>): Promise<void>
  close(): Promise<void>
}

/** A customer in the seller's own state, Maharashtra. */
export const account = {
  legal_name: 'Example Industries Private Limited',
  email: 'accounts@example.org',
  address_line_1: '12 Marine Drive',
  city: 'Mumbai',
  postal_code: '400020',
  state_code: '27',
  country: 'IN',
}

/** @param at when it opens; now, unless a test has to do with the calendar */
export async function openShop(at?: Date, settings: Record<string, string> = {}): Promise<Shop> {
  const clusterUrl = inject('clusterUrl')
  const gateway = await startTestGateway(clusterUrl, at ? { at } : {})
  const log = new RecordingLogger()
  const own = {
    DEFAULT_PLAN: 'free',
    RAZORPAY_KEY_ID: gateway.keyId,
    RAZORPAY_KEY_SECRET: gateway.keySecret,
    RAZORPAY_WEBHOOK_SECRET: gateway.webhookSecret,
    RAZORPAY_BASE_URL: gateway.url + localGatewayPath,
    SELLER_NAME: 'RaptorFlow Technologies Private Limited',
    SELLER_GSTIN: '27AAPFU0939F1ZV',
    SELLER_STATE_CODE: '27',
    ...settings,
  }
  const product = await startTestProduct(clusterUrl, own, log)
  // Its schedules run by the wall clock, and its queues by themselves.
  await product.cloud.stop()
  const carrier = new Carrier(product)
  const mails: Mail[] = []
  const { bus, queue } = carrier
  const mailer = { send: async (mail: Mail) => void mails.push(mail) }
  // Rate limits that went by this clock would be far ahead of those of the product itself.
  // The gateway tells whole seconds, and its clock isn't ours.
  const now = () => new Date(gateway.now().getTime() + aheadMilliseconds)
  const services: Services = {
    ...product.services,
    ...{ bus, queue, mailer, payments: gateway.payments, now, state: null },
  }
  const instance = await startInstance(services, product.functions)
  const { url } = instance
  const database = product.services.database
  const owner = postgres(product.database.ownerUrl, { max: 2, onnotice: () => {}, types: { bigint: bigintAsNumber } })
  const calm = new Random(1)
  const token = await product.signUp()

  const shop: Shop = {
    url,
    services,
    product,
    database,
    owner,
    carrier,
    gateway,
    mails,
    operator: await signUpOperator(product),

    async customer(details = account) {
      // All have the same owner, who may ask so much in a minute.
      gateway.advance(2)
      const headers: Record<string, string> = {}
      const ask: Customer['ask'] = async (method, path, body, status) => {
        const answer = await call(url, method, path, { token, headers, ...(body === undefined ? {} : { body }) })
        const failure = answer.status === 500 ? log.lines.findLast(({ level }) => level === 'error')?.fields.error : ''
        const said = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)} ${failure}`
        if (status === undefined) expect(answer.status, said).toBeLessThan(300)
        else expect(answer.status, said).toBe(status)
        return answer.body
      }
      const organization = await ask('POST', '/v1/organizations', { name: `Customer ${newId()}` })
      headers['x-org-id'] = organization.id
      await ask('PUT', '/v1/billing/account', details)
      return { token, orgId: organization.id, headers, ask }
    },

    async order(customer, terms) {
      const made = await customer.ask('POST', '/v1/billing/orders', terms)
      return { id: made.id, gatewayOrderId: made.checkout.order_id, amountPaise: made.checkout.amount_paise }
    },

    async buy(customer, terms) {
      const order = await shop.order(customer, terms)
      const { payment } = await gateway.controls.pay(order.gatewayOrderId)
      await shop.settle()
      return { ...order, paymentId: payment.id }
    },

    news: () => gateway.newEvents(),

    deliver: ({ id, rawBody, signature }, to = url) =>
      call(to, 'POST', '/v1/webhooks/razorpay', {
        rawBody,
        headers: {
          'content-type': 'application/json',
          'x-razorpay-event-id': id,
          'x-razorpay-signature': signature,
        },
      }),

    drain: ({ copies = 1, random = calm, later = false, except } = {}) =>
      carrier.drain(url, { random, copies, except: (one) => (one.later && !later) || one.target === except }),

    async settle(options = {}) {
      for (;;) {
        const events = await shop.news()
        for (const event of events) expect((await shop.deliver(event)).status, event.type).toBe(200)
        await shop.drain(options)
        if (events.length === 0) return
      }
    },

    async pass(days) {
      gateway.advance(Math.round(days * daySeconds))
      await shop.drain({ later: true })
    },

    async passUntil(moment) {
      await shop.pass(Math.max(0, (new Date(moment).getTime() - gateway.now().getTime()) / 1000 / daySeconds))
    },

    async cron(name, options = {}) {
      // Each moment of a schedule comes once.
      gateway.advance(1)
      const body = now().toISOString()
      carrier.waiting.push({
        id: newId(),
        kind: 'schedule',
        target: name,
        body,
        attributes: {},
        later: false,
        attempt: 1,
      })
      await shop.drain(options)
    },

    expectBooksInOrder: (entitled) => expectBooksInOrder({ database, owner, now: now() }, entitled),

    async close() {
      await instance.stop()
      await owner.end()
      await product.stop()
      await gateway.stop()
    },
  }
  return shop
}

const bigintAsNumber = { to: 20, from: [20], parse: Number, serialize: String }
