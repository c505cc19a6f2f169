import type postgres from 'postgres'
import { lockAccount } from '#shared/domain/billing/accounts/lock.ts'
import type { BillingEffects } from '#shared/domain/billing/effects.ts'
import type {
  DisputeSnapshot,
  GatewayEvent,
  OrderSnapshot,
  PaymentSnapshot,
  RefundSnapshot,
} from '#shared/domain/billing/gateway.ts'
import { offerOrder, placeOrder } from '#shared/domain/billing/orders/create.ts'
import { dueOf, type OrderRow } from '#shared/domain/billing/orders/rows.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { testSettings } from './billing-invoices.ts'

/** When everything happens, unless a test says otherwise. */
export const noon = new Date('2026-11-21T06:30:00Z')
export const hours = (count: number) => new Date(noon.getTime() + count * 3_600_000)

/** What billing sent, as the context of a request would. */
export interface Sent {
  name: string
  payload: Record<string, unknown>
}

/** An organization that buys, in a database: its changes run in transactions of their own, with its account locked. */
export interface PayingCustomer {
  orgId: string
  sent: Sent[]
  change<Result>(work: (effects: BillingEffects) => Promise<Result>, now?: Date): Promise<Result>
  /** The same, and as if it had never been. */
  tryOut<Result>(work: (effects: BillingEffects) => Promise<Result>): Promise<Result>
  /** Orders a month of Team; the gateway knows it as `order_…` of its id. */
  order(now?: Date): Promise<OrderRow>
}

export async function createPayingCustomer(database: Database, owner: postgres.Sql): Promise<PayingCustomer> {
  const orgId = newId()
  await owner`insert into organizations (id, name) values (${orgId}, 'Example')`
  const sent: Sent[] = []

  async function run<Result>(sql: Sql, now: Date, work: (effects: BillingEffects) => Promise<Result>): Promise<Result> {
    const account = await lockAccount(sql, orgId)
    const enqueue: BillingEffects['enqueue'] = async (type, payload) => {
      sent.push({ name: type.name, payload: payload as Record<string, unknown> })
    }
    return work({ sql, now, settings: testSettings, account, enqueue, audit: () => {} })
  }

  const customer: PayingCustomer = {
    orgId,
    sent,
    change: (work, now = noon) => database.transaction({ ...nobody, orgId }, (sql) => run(sql, now, work)),
    async tryOut(work) {
      const undone = new Error('undone')
      let result: { value: Awaited<ReturnType<typeof work>> } | undefined
      await database
        .transaction({ ...nobody, orgId }, async (sql) => {
          result = { value: await run(sql, noon, work) }
          throw undone
        })
        .catch((error) => {
          if (error !== undone) throw error
        })
      return result!.value
    },
    order: (now = noon) => customer.change((effects) => orderTeam(effects, orgId), now),
  }
  return customer
}

/** Orders a month of Team for five people. */
export async function orderTeam(effects: BillingEffects, orgId: string): Promise<OrderRow> {
  const { sql, settings, account, now: at } = effects
  const draft = { plan_id: 'team', period: 'month', seats: 5 } as const
  const offer = await offerOrder(sql, { orgId, account, settings, at }, draft)
  const atGateway: OrderSnapshot = {
    id: `order_${offer.id.replaceAll('-', '')}`,
    receipt: offer.id,
    amountPaise: offer.quote.due_paise,
    paidPaise: 0,
    currency: 'INR',
    status: 'created',
    createdAt: at,
  }
  return placeOrder(effects, { orgId, offer, atGateway, createdBy: null })
}

/** What the gateway would tell of a payment of an order, and of all that follows from it. */
export function newsOf(order: OrderRow, paymentId = `pay_${order.id.replaceAll('-', '')}`, at = noon) {
  const amountPaise = dueOf(order)
  const payment = (
    status: PaymentSnapshot['status'],
    changes: Partial<PaymentSnapshot> = {},
  ): Required<Pick<GatewayEvent, 'payment'>> => {
    const wasTaken = status === 'captured' || status === 'refunded'
    return {
      payment: {
        id: paymentId,
        orderId: order.gateway_order_id,
        invoiceId: null,
        status,
        amountPaise,
        refundedPaise: 0,
        currency: 'INR',
        feePaise: wasTaken ? 13_921 : null,
        feeTaxPaise: wasTaken ? 2_124 : null,
        method: 'upi',
        errorCode: status === 'failed' ? 'GATEWAY_ERROR' : null,
        errorDescription: status === 'failed' ? 'The bank did not answer' : null,
        createdAt: at,
        ...changes,
      },
    }
  }
  const orderNews = (status: OrderSnapshot['status']): Required<Pick<GatewayEvent, 'order'>> => ({
    order: {
      id: order.gateway_order_id ?? '',
      receipt: order.receipt,
      amountPaise,
      paidPaise: status === 'paid' ? amountPaise : 0,
      currency: 'INR',
      status,
      createdAt: at,
    },
  })
  const refund = (
    id: string,
    status: RefundSnapshot['status'],
    paise: number,
    ourId: string | null = null,
  ): Required<Pick<GatewayEvent, 'refund'>> => ({
    refund: { id, paymentId, amountPaise: paise, currency: 'INR', status, ourId, createdAt: at },
  })
  const dispute = (
    status: DisputeSnapshot['status'],
    deductedPaise: number,
  ): Required<Pick<GatewayEvent, 'dispute'>> => ({
    dispute: {
      id: `disp_${paymentId}`,
      paymentId,
      amountPaise,
      deductedPaise,
      currency: 'INR',
      status,
      reasonCode: 'goods_or_services_not_received',
      respondBy: null,
      createdAt: at,
    },
  })
  const event = (type: string, ...parts: Partial<GatewayEvent>[]): GatewayEvent =>
    Object.assign({ id: newId(), type, occurredAt: at }, ...parts)
  return { paymentId, amountPaise, payment, order: orderNews, refund, dispute, event }
}
