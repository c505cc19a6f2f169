import postgres from 'postgres'
import type { BillingEffects } from '#shared/domain/billing/effects.ts'
import { checkInvariants } from '#shared/domain/billing/ledger/invariants.ts'
import { dueOf, type OrderRow } from '#shared/domain/billing/orders/rows.ts'
import { applyFetchedObject } from '#shared/domain/billing/payments/apply-fetched.ts'
import { fetchObject, type Wanted } from '#shared/domain/billing/payments/fetch.ts'
import { type FollowUpContext, followUp } from '#shared/domain/billing/reconciliation/follow-up.ts'
import { gatherFindings, nightlyWindow } from '#shared/domain/billing/reconciliation/gather.ts'
import type { GatewayLists } from '#shared/domain/billing/reconciliation/list-gateway.ts'
import { recordFindings } from '#shared/domain/billing/reconciliation/record.ts'
import { askRefund, recordRefund, refundToSend } from '#shared/domain/billing/refunds/send.ts'
import { applyEvent } from '#shared/domain/billing/webhooks/apply-event.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { system } from '#shared/platform/database/index.ts'
import { cloneDatabase } from './database.ts'
import type { RecordedEvent, TestGateway } from './gateway.ts'
import { createSubscriber, type Subscriber } from './subscriptions.ts'

/** A task that was asked for, and the organization for which. */
export interface QueuedTask {
  orgId: string
  name: string
  payload: Record<string, unknown>
}

/**
 * An installation that has a gateway and customers, without processes: messages wait until a test has them done, and
 * webhooks come when it brings them.
 */
export async function createInstallation(clusterUrl: string, gateway: TestGateway) {
  const clone = await cloneDatabase(clusterUrl)
  const database = clone.open(4)
  const owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {}, types: { bigint: numbers } })
  const tasks: QueuedTask[] = []
  const subscribers: Subscriber[] = []
  const signal = new AbortController().signal

  /** Runs something in system scope, with the means to enter organizations. */
  const asSchedule = <Result>(work: (context: FollowUpContext) => Promise<Result>): Promise<Result> =>
    database.transaction(system, (sql) => {
      let inside = ''
      return work({
        sql,
        now: gateway.now(),
        async enter(orgId) {
          await sql`select set_config('app.org_id', ${orgId}, true), set_config('app.workspace_id', 'any', true)`
          inside = orgId
        },
        enqueue: async (type, payload) =>
          void tasks.push({ orgId: inside, name: type.name, payload: payload as QueuedTask['payload'] }),
      })
    })

  const change = <Result>(orgId: string, work: (effects: BillingEffects) => Promise<Result>): Promise<Result> =>
    find(orgId).change(gateway.now(), (effects) =>
      work({
        ...effects,
        enqueue: async (type, payload) =>
          void tasks.push({ orgId, name: type.name, payload: payload as QueuedTask['payload'] }),
      }),
    )

  const find = (orgId: string) => {
    const found = subscribers.find((one) => one.orgId === orgId)
    if (!found) throw new Error('nobody has this organization')
    return found
  }

  async function perform({ orgId, name, payload }: QueuedTask): Promise<void> {
    if (name === 'billing-apply-fetched') {
      const read = <Result>(work: (sql: Sql) => Promise<Result>) => find(orgId).read(work)
      const asking = { payments: gateway.payments, now: gateway.now(), signal, read }
      const fetched = await fetchObject(asking, payload as unknown as Wanted)
      await change(orgId, (effects) => applyFetchedObject(effects, orgId, fetched))
    } else if (name === 'billing-send-refund') {
      const id = String(payload.refund_id)
      const refund = await find(orgId).read((sql) => refundToSend(sql, id))
      const answer = refund && (await askRefund(gateway.payments, refund, signal))
      if (refund) await change(orgId, (effects) => recordRefund(effects, orgId, id, answer))
    } else if (name === 'billing-end-mandate') {
      await gateway.payments.cancelSubscription(String(payload.gateway_subscription_id), 'now')
    }
  }

  const installation = {
    database,
    owner,
    tasks,
    asSchedule,
    async customer(): Promise<Subscriber> {
      const subscriber = await createSubscriber(database)
      subscribers.push(subscriber)
      return subscriber
    },
    /** An order of a month of Team, which the gateway knows by this id, or by a new one. */
    async order(customer: Subscriber, gatewayOrderId?: string): Promise<OrderRow & { gateway_order_id: string }> {
      const order = await customer.order(gateway.now())
      const id =
        gatewayOrderId ??
        (await gateway.payments.createOrder({ amountPaise: dueOf(order), receipt: order.receipt, notes: {} })).id
      await owner`update orders set gateway_order_id = ${id} where id = ${order.id}`
      return { ...order, gateway_order_id: id }
    },
    /** Brings webhooks, each to the customer whose it is. */
    async hear(customer: Subscriber, events: readonly RecordedEvent[]): Promise<void> {
      for (const { event } of events)
        await change(customer.orgId, (effects) => applyEvent(effects, customer.orgId, event))
    },
    /** Has all tasks done, and those that they ask for. */
    async work(): Promise<void> {
      for (let task = tasks.shift(); task; task = tasks.shift()) await perform(task)
    },
    /** A night: what happened is old enough, and what is found is recorded; its tasks wait. */
    async reconcile(lists: GatewayLists = gateway.payments) {
      gateway.advance(15 * 60)
      const now = gateway.now()
      const read = <Result>(work: (sql: Sql) => Promise<Result>) =>
        database.transaction(system, work, { readOnly: true })
      const findings = await gatherFindings({ gateway: lists, read, now, signal }, nightlyWindow(now))
      return asSchedule((context) => recordFindings(context, findings))
    },
    followUp: () => asSchedule(followUp),
    /** The invariants of production that don't hold. */
    async broken() {
      const results = await database.transaction(system, (sql) => checkInvariants(sql, gateway.now()))
      return results.filter(({ holds }) => !holds)
    },
    /** Open differences, by kind and subject. */
    async differences(): Promise<string[]> {
      const rows = await owner<{ kind: string; subject: string }[]>`
        select kind, subject from billing_differences where status = 'open' order by kind, subject`
      return rows.map(({ kind, subject }) => `${kind} ${subject}`)
    },
    /** The balance of an account over all organizations, in paise. */
    async balance(account: string): Promise<number> {
      const [row] = await owner<{ paise: number }[]>`
        select coalesce(sum(balance_paise), 0)::bigint as paise from ledger_balances where account = ${account}`
      return row?.paise ?? 0
    },
    async close(): Promise<void> {
      await database.close()
      await owner.end()
      await clone.drop()
    },
  }
  return installation
}
export type Installation = Awaited<ReturnType<typeof createInstallation>>

const numbers = { to: 20, from: [20], parse: Number, serialize: String }
