import type { Sql } from '../../sql.ts'

/** A row of `refunds`. */
export interface RefundRow {
  id: string
  org_id: string
  payment_id: string
  gateway_refund_id: string | null
  amount_paise: number
  status: 'requested' | 'pending' | 'processed' | 'failed'
  /** `sale`: what was bought is taken back, with a credit note; `surplus`: it paid for nothing. */
  purpose: 'sale' | 'surplus'
  reason: string
  requested_by: string | null
  processed_at: string | null
  created_at: string
  updated_at: string
}

export const refundColumns = [
  ...['id', 'org_id', 'payment_id', 'gateway_refund_id', 'amount_paise', 'status', 'purpose', 'reason'],
  ...['requested_by', 'processed_at', 'created_at', 'updated_at'],
]

/** A refund by our id; null when there is none such here. */
export async function findRefund(sql: Sql, id: string): Promise<RefundRow | null> {
  const [refund] = await sql<RefundRow[]>`select ${sql(refundColumns)} from refunds where id = ${id}`
  return refund ?? null
}

/**
 * What was asked for, is under way, or was paid back of a payment, or was taken back by the customer's bank, in paise: both
 * together can be more than was paid.
 */
export async function refundedOrAsked(sql: Sql, paymentId: string): Promise<number> {
  const [sum] = await sql<{ paise: number }[]>`
    select (
      coalesce((select sum(amount_paise) from refunds where payment_id = ${paymentId} and status <> 'failed'), 0)
      + coalesce((select sum(amount_paise) from disputes where payment_id = ${paymentId} and status = 'lost'), 0)
    )::bigint as paise`
  return sum?.paise ?? 0
}

/** The invoice of a payment's order, and what of it no credit note has taken back yet, in paise with tax. */
export async function creditableInvoice(
  sql: Sql,
  orderId: string | null,
): Promise<{ id: string; left_paise: number } | null> {
  if (orderId === null) return null
  const [invoice] = await sql<{ id: string; left_paise: number }[]>`
    select i.id, (i.total_paise - coalesce((
      select sum(n.total_paise) from invoices n where n.credits_id = i.id and n.status <> 'draft'
    ), 0))::bigint as left_paise
    from invoices i where i.order_id = ${orderId} and i.kind = 'invoice' and i.status <> 'draft'`
  return invoice ?? null
}

/** What the gateway has taken to be paid back of a payment, as far as we know, in paise. */
export async function refundsKnownOf(sql: Sql, paymentId: string): Promise<number> {
  const [sum] = await sql<{ paise: number }[]>`
    select coalesce(sum(amount_paise), 0)::bigint as paise from refunds
    where payment_id = ${paymentId} and gateway_refund_id is not null and status <> 'failed'`
  return sum?.paise ?? 0
}
