import { lockAccount } from '#shared/domain/billing/accounts/lock.ts'
import type { BillingEffects } from '#shared/domain/billing/effects.ts'
import type { PaymentSnapshot } from '#shared/domain/billing/gateway.ts'
import { fulfilOrder } from '#shared/domain/billing/orders/fulfil.ts'
import { insertOrder } from '#shared/domain/billing/orders/insert.ts'
import { dueOf, type OrderRow } from '#shared/domain/billing/orders/rows.ts'
import { applyPayment } from '#shared/domain/billing/payments/apply-payment.ts'
import { type QuoteRequest, quote } from '#shared/domain/billing/quotes/quote.ts'
import { beginByOrder } from '#shared/domain/billing/subscriptions/begin-by-order.ts'
import { type SubscriptionRow, subscriptionColumns } from '#shared/domain/billing/subscriptions/rows.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import { testSettings } from './billing-invoices.ts'
import { createTenants } from './tenancy.ts'

type Wish = Partial<Pick<QuoteRequest, 'planId' | 'period' | 'seats' | 'couponCode' | 'kind'>>

/** What was asked of others in a transaction. */
export interface Asked {
  name: string
  payload: { template?: string; gateway_subscription_id?: string; subscription_id?: string }
}

/** A new organization that buys things, at the times that a test says. */
export async function createSubscriber(database: Database) {
  return subscriberOf(database, await createTenants(database).organization())
}

function capturedPayment(order: OrderRow, amountPaise: number, createdAt: Date): PaymentSnapshot {
  return {
    ...{ id: `pay_${newId()}`, orderId: order.gateway_order_id, invoiceId: null, status: 'captured' },
    ...{ amountPaise, refundedPaise: 0, currency: 'INR', feePaise: 0, feeTaxPaise: 0, method: 'card' },
    ...{ errorCode: null, errorDescription: null, createdAt },
  }
}

/** An organization that is there, as one that buys things. */
export function subscriberOf(database: Database, { orgId, ownerId }: { orgId: string; ownerId: string }) {
  const asked: Asked[] = []
  const effectsIn = async (sql: Sql, now: Date): Promise<BillingEffects> => ({
    sql,
    now,
    account: await lockAccount(sql, orgId),
    settings: testSettings,
    enqueue: async (type, payload) => void asked.push({ name: type.name, payload: payload as Asked['payload'] }),
    audit: () => {},
  })
  const read = <Result>(work: (sql: Sql) => Promise<Result>) => database.transaction({ ...nobody, orgId }, work)

  const subscriber = {
    orgId,
    ownerId,
    asked,
    read,
    /** Runs a change of its billing at a moment. */
    change: <Result>(now: Date, work: (effects: BillingEffects) => Promise<Result>): Promise<Result> =>
      read(async (sql) => work(await effectsIn(sql, now))),
    quote: (now: Date, wish: Wish = {}) =>
      subscriber.change(now, ({ sql, settings, account }) =>
        quote(sql, {
          ...{ planId: 'team', period: 'month', seats: 5, couponCode: null, orgId, account, settings, at: now },
          ...wish,
        }),
      ),
    /** Makes an order that isn't paid yet. */
    order: (now: Date, wish: Wish = {}): Promise<OrderRow> =>
      subscriber.change(now, async (effects) => {
        const offer = await quote(effects.sql, {
          ...{ planId: 'team', period: 'month', seats: 5, couponCode: null, orgId, account: effects.account },
          ...{ settings: effects.settings, at: now, ...wish },
        })
        const id = newId()
        const begun = await beginByOrder(effects, { orgId, orderId: id, quote: offer, createdBy: ownerId })
        const order = await insertOrder(effects, {
          ...offer,
          ...{ id, org_id: orgId, subscription_id: begun.subscriptionId, collection: 'checkout' },
          ...{ gateway_order_id: `order_${id}`, created_by: ownerId },
        })
        return order!
      }),
    /** Pays an order; what it was taken for: `surplus` is paid back. */
    pay: (now: Date, order: OrderRow) =>
      subscriber.change(now, async (effects) => {
        const amountPaise = dueOf(order)
        if (amountPaise > 0) {
          const payment = await applyPayment(effects, orgId, capturedPayment(order, amountPaise, now))
          return payment?.purpose ?? null
        }
        await fulfilOrder(effects, order.id, null)
        return 'order'
      }),
    /** An order that is made and paid at once. */
    async buy(now: Date, wish: Wish = {}): Promise<OrderRow> {
      const order = await subscriber.order(now, wish)
      await subscriber.pay(now, order)
      return order
    },
    /** Its subscriptions, the oldest first. */
    subscriptions: () =>
      read((sql) => sql<SubscriptionRow[]>`select ${sql(subscriptionColumns)} from subscriptions order by id`),
    async subscription(): Promise<SubscriptionRow> {
      return (await subscriber.subscriptions()).at(-1)!
    },
    async entitlement() {
      const [row] = await read(
        (sql) =>
          sql<{ plan_id: string; seats: number; until: string | null }[]>`
            select plan_id, seats, until from entitlements where org_id = ${orgId}`,
      )
      return row ?? null
    },
    /** What the books say that it has to its credit, in paise. */
    async advances(): Promise<number> {
      const [row] = await read(
        (sql) =>
          sql<{ balance_paise: number }[]>`
            select balance_paise from ledger_balances where org_id = ${orgId} and account = '2000'`,
      )
      // Credits stand below zero.
      return 0 - (row?.balance_paise ?? 0)
    },
    /** Runs something as an operator. */
    asOperator: <Result>(work: (sql: Sql) => Promise<Result>) => database.transaction(system, work),
  }
  return subscriber
}
export type Subscriber = Awaited<ReturnType<typeof createSubscriber>>
