import type { Sql } from '../../sql.ts'
import { endStatuses } from '../subscriptions/rows.ts'
import type {
  GatewayBooks,
  OurBooks,
  OurDispute,
  OurOrder,
  OurPayment,
  OurRefund,
  OurSettlement,
  OurSubscription,
  Window,
} from './books.ts'
import type { Repair } from './findings.ts'
import type { OldestOpen } from './list-gateway.ts'

/** A mandate's row is written a moment before or after the gateway has it. */
const leewayMilliseconds = 86_400_000

/** @param sql in system scope, as everything here */
export async function readOldestOpen(sql: Sql, now: Date): Promise<OldestOpen> {
  const [row] = await sql<{ mandate: string | null; dispute: string | null }[]>`
    select
      (select min(created_at) from subscriptions
        where gateway_subscription_id is not null
            and (ended_at is null or gateway_status is null or gateway_status not in ${sql([...endStatuses])})
          or replaced_gateway_ids <> '[]' and updated_at > ${now}::timestamptz - interval '7 days'
      ) as mandate,
      (select min(created_at) from disputes where status not in ('closed', 'won', 'lost')) as dispute`
  return {
    mandate: row?.mandate ? new Date(new Date(row.mandate).getTime() - leewayMilliseconds) : null,
    dispute: row?.dispute ? new Date(row.dispute) : null,
  }
}

/** Our rows of what the gateway shows, and those that it should show. */
export async function readOurBooks(sql: Sql, theirs: GatewayBooks): Promise<OurBooks> {
  const ids = (objects: readonly { id: string }[]) => objects.map(({ id }) => id)
  const paymentIds = [
    ...ids(theirs.payments),
    ...[...theirs.refunds, ...theirs.disputes].map(({ paymentId }) => paymentId),
  ]
  const orderIds = [...ids(theirs.orders), ...theirs.payments.flatMap(({ orderId }) => orderId ?? [])]
  const subscriptionIds = [...ids(theirs.subscriptions), ...theirs.subscriptionOfInvoice.values()]
  return {
    payments: await readPayments(sql, sql`gateway_payment_id in ${listOf(sql, paymentIds)}`),
    expectedPayments: await readPayments(
      sql,
      sql`captured_at is not null and created_at between ${theirs.window.from} and ${theirs.window.to}`,
    ),
    refunds: await readRefunds(sql, sql`r.gateway_refund_id in ${listOf(sql, ids(theirs.refunds))}`),
    // Made here before it is made there: both times are within the window, if these are.
    expectedRefunds: await readRefunds(
      sql,
      sql`r.status = 'processed' and r.created_at >= ${theirs.window.from} and r.processed_at <= ${theirs.window.to}`,
    ),
    orders: await sql<OurOrder[]>`
      select gateway_order_id, org_id, status, total_paise - credit_paise as payable_paise from orders
      where gateway_order_id in ${listOf(sql, orderIds)}`,
    subscriptions: await readSubscriptions(sql, subscriptionIds),
    disputes: await sql<OurDispute[]>`
      select gateway_dispute_id, org_id, status, deducted_paise, updated_at from disputes
      where gateway_dispute_id in ${listOf(sql, ids(theirs.disputes))}`,
    settlements: await sql<OurSettlement[]>`
      select gateway_settlement_id, amount_paise, status from settlements
      where gateway_settlement_id in ${listOf(sql, ids(theirs.settlements))}`,
    parkedPaymentIds: await readParked(sql, paymentIds),
  }
}

/** What has not ended for longer than the window goes back: it is asked for by its id. */
export function readUnended(sql: Sql, { from }: Window): Promise<Repair[]> {
  return sql<Repair[]>`
    select org_id as "orgId", 'payment' as kind, gateway_payment_id as "gatewayId" from payments
    where status = 'authorized' and created_at < ${from}
    union all
    select org_id, 'refund', gateway_refund_id from refunds
    where status = 'pending' and gateway_refund_id is not null and created_at < ${from}
    limit 1000`
}

function listOf(sql: Sql, ids: readonly string[]) {
  return sql`(select jsonb_array_elements_text(${sql.json([...new Set(ids)])}))`
}

function readPayments(sql: Sql, condition: ReturnType<Sql>): Promise<OurPayment[]> {
  return sql<OurPayment[]>`
    select gateway_payment_id, org_id, status, amount_paise, refunded_paise, fee_paise,
      captured_at is not null as was_captured,
      greatest(refunded_paise, (
        select coalesce(sum(r.amount_paise), 0) from refunds r
        where r.payment_id = payments.id and r.gateway_refund_id is not null and r.status <> 'failed'
      ))::bigint as taken_back_paise
    from payments where ${condition}`
}

function readRefunds(sql: Sql, condition: ReturnType<Sql>): Promise<OurRefund[]> {
  return sql<OurRefund[]>`
    select r.gateway_refund_id, p.gateway_payment_id, r.org_id, r.status, r.amount_paise
    from refunds r join payments p on p.id = r.payment_id
    where r.gateway_refund_id is not null and ${condition}`
}

function readSubscriptions(sql: Sql, ids: readonly string[]): Promise<OurSubscription[]> {
  return sql<OurSubscription[]>`
    select gateway_subscription_id, org_id, gateway_status, gateway_paid_count,
      ended_at is not null as must_be_ended, false as was_replaced
    from subscriptions where gateway_subscription_id in ${listOf(sql, ids)}
    union all
    select replaced.id, org_id, null, 0, true, true
    from subscriptions, jsonb_array_elements_text(replaced_gateway_ids) as replaced (id)
    where replaced_gateway_ids <> '[]' and replaced.id in ${listOf(sql, ids)}`
}

async function readParked(sql: Sql, paymentIds: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select payment.id from jsonb_array_elements_text(${sql.json([...new Set(paymentIds)])}) as payment (id)
    where exists (select from ledger_transactions where source = 'parked:' || payment.id)
      and not exists (select from ledger_transactions where source = 'parked:' || payment.id || ':released')`
  return rows.map(({ id }) => id)
}
