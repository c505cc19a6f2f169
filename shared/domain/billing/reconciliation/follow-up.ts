import type { Enqueue, TaskType } from '../../messaging.ts'
import type { Sql } from '../../sql.ts'
import { lockAccount } from '../accounts/lock.ts'
import { applyFetched, applyGatewayEvent, endMandate, sendRefund } from '../messages.ts'
import { endStatuses } from '../subscriptions/rows.ts'
import { releaseFoundReceipts } from './parking.ts'

/** Rows of one kind that one run takes up, those that wait longest first. */
const limit = 200
/** Younger ones are under way by themselves. */
const patienceMinutes = 15

export interface FollowUpContext {
  sql: Sql
  now: Date
  enqueue: Enqueue
  enter(orgId: string): Promise<void>
}

export interface FollowedUp {
  events: number
  orders_expired: number
  refunds: number
  payments: number
  mandates: number
}

interface Stuck {
  id: string
  org_id: string
}

/**
 * Takes up what has come to a stop on its way: events that were received and never applied, orders whose time is over,
 * refunds that were not sent or of which nothing was heard, payments that wait to be captured, mandates that should have
 * ended. It only sends the messages again, which do no more when they come twice; what goes on failing is sent more and
 * more seldom, a day apart at most.
 *
 * Runs in system scope; it enters organizations.
 */
export async function followUp(context: FollowUpContext): Promise<FollowedUp> {
  const { sql, now } = context
  await releaseFoundReceipts(sql, now)
  // First: whoever holds the lock of an account may want the rows that are touched then.
  const expired = await expireOrders(context)
  const stuck = await findStuck(sql, now)
  await resend(context, stuck.events, applyGatewayEvent, ({ id }) => ({ event_id: id }))
  for (const [table, rows] of [
    ['refunds', [...stuck.requested, ...stuck.pending]],
    ['payments', stuck.authorized],
    ['subscriptions', stuck.mandates],
  ] as const) {
    await noteTry(context, table, rows)
  }
  await resend(context, stuck.requested, sendRefund, ({ id }) => ({ refund_id: id }))
  await resend(context, stuck.pending, applyFetched, ({ gateway_id }) => ({ kind: 'refund' as const, gateway_id }))
  await resend(context, stuck.authorized, applyFetched, ({ gateway_id }) => ({ kind: 'payment' as const, gateway_id }))
  await resend(context, stuck.mandates, endMandate, ({ gateway_id }) => ({ gateway_subscription_id: gateway_id }))
  return {
    events: stuck.events.length,
    orders_expired: expired,
    refunds: stuck.requested.length + stuck.pending.length,
    payments: stuck.authorized.length,
    mandates: stuck.mandates.length,
  }
}

async function findStuck(sql: Sql, now: Date) {
  const before = new Date(now.getTime() - patienceMinutes * 60_000)
  type AtGateway = Stuck & { gateway_id: string }
  // As long after the last try as that was after the beginning: a quarter of an hour, half an hour … a day.
  const isDue = (begun: string) => sql`updated_at < ${before}
    and ${now}::timestamptz - updated_at > least(interval '1 day', updated_at - ${sql(begun)})`
  return {
    events: await sql<Stuck[]>`
      select id, org_id from gateway_events
      where status = 'received' and org_id is not null and received_at < ${before}
        and ${now}::timestamptz - received_at < interval '3 days'
      order by received_at limit ${limit}`,
    requested: await sql<Stuck[]>`
      select id, org_id from refunds where status = 'requested' and ${isDue('created_at')} order by updated_at limit ${limit}`,
    pending: await sql<AtGateway[]>`
      select id, org_id, gateway_refund_id as gateway_id from refunds
      where status = 'pending' and gateway_refund_id is not null and updated_at < ${now}::timestamptz - interval '6 hours'
      order by updated_at limit ${limit}`,
    authorized: await sql<AtGateway[]>`
      select id, org_id, gateway_payment_id as gateway_id from payments
      where status = 'authorized' and ${isDue('created_at')} order by updated_at limit ${limit}`,
    mandates: await sql<AtGateway[]>`
      select id, org_id, gateway_subscription_id as gateway_id from subscriptions
      where ended_at is not null and gateway_subscription_id is not null
        and (gateway_status is null or gateway_status not in ${sql([...endStatuses])}) and ${isDue('ended_at')}
      order by updated_at limit ${limit}`,
  }
}

/** So that the next try is later, and those that wait behind them have their turn. */
async function noteTry(
  { sql, now, enter }: FollowUpContext,
  table: 'refunds' | 'payments' | 'subscriptions',
  rows: readonly Stuck[],
): Promise<void> {
  for (const { id, org_id } of rows.toSorted(byOrg)) {
    await enter(org_id)
    await sql`update ${sql(table)} set updated_at = ${now} where id = ${id} and org_id = ${org_id}`
  }
}

async function resend<Row extends Stuck, Task extends TaskType>(
  { enter, enqueue }: FollowUpContext,
  rows: readonly Row[],
  task: Task,
  payload: (row: Row) => Parameters<typeof enqueue<Task['payload']>>[1],
): Promise<void> {
  for (const row of rows) {
    await enter(row.org_id)
    await enqueue(task, payload(row))
  }
}

/**
 * Ends orders that nobody paid in time. The gateway is asked about each of them once more: one that was paid in time is
 * fulfilled all the same.
 */
async function expireOrders({ sql, now, enter, enqueue }: FollowUpContext): Promise<number> {
  const overdue = await sql<(Stuck & { gateway_order_id: string | null })[]>`
    select id, org_id, gateway_order_id from orders
    where status in ('created', 'attempted') and expires_at < ${now}
    order by expires_at limit ${limit}`
  let expired = 0
  for (const { id, org_id, gateway_order_id } of overdue.toSorted(byOrg)) {
    await enter(org_id)
    await lockAccount(sql, org_id)
    const { count } = await sql`
      update orders set status = 'expired', updated_at = ${now}
      where id = ${id} and status in ('created', 'attempted')`
    expired += count
    if (count > 0 && gateway_order_id) await enqueue(applyFetched, { kind: 'order', gateway_id: gateway_order_id })
  }
  return expired
}

/** As others lock several organizations: by their ids. */
function byOrg(a: Stuck, b: Stuck): number {
  return a.org_id < b.org_id ? -1 : a.org_id > b.org_id ? 1 : 0
}
