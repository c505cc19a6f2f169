import type { BillingEffects } from '../effects.ts'
import { type OrderRow, orderColumns } from './rows.ts'

/** So long an order waits for its payment. */
export const orderLifeHours = 24

export type OrderDraft = Pick<
  OrderRow,
  | 'id'
  | 'org_id'
  | 'subscription_id'
  | 'kind'
  | 'collection'
  | 'plan_id'
  | 'period'
  | 'seats'
  | 'lines'
  | 'net_paise'
  | 'cgst_paise'
  | 'sgst_paise'
  | 'igst_paise'
  | 'total_paise'
  | 'coupon_code'
  | 'gateway_order_id'
  | 'created_by'
> & {
  period_start: Date | string | null
  period_end: Date | string | null
  /** What of the total credit notes pay. */
  credit_paise?: number
  /** Of a mandate's charge: which one it is. */
  cycle?: number | null
}

/**
 * Writes an order that is yet to be paid. One that the customer pays expires after `orderLifeHours`. The caller holds the
 * lock of the account.
 * @returns null when the subscription has an order of this cycle already
 */
export async function insertOrder({ sql, now }: BillingEffects, draft: OrderDraft): Promise<OrderRow | null> {
  const expiresAt = new Date(now.getTime() + orderLifeHours * 3_600_000)
  const [order] = await sql<OrderRow[]>`
    insert into orders (id, org_id, subscription_id, kind, collection, plan_id, period, seats, period_start, period_end,
      lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise, credit_paise, coupon_code, receipt, gateway_order_id, cycle,
      expires_at, created_by, created_at, updated_at)
    values (${draft.id}, ${draft.org_id}, ${draft.subscription_id}, ${draft.kind}, ${draft.collection}, ${draft.plan_id},
      ${draft.period}, ${draft.seats}, ${draft.period_start}, ${draft.period_end},
      ${sql.json(draft.lines.map((line) => ({ ...line })))}, ${draft.net_paise}, ${draft.cgst_paise},
      ${draft.sgst_paise}, ${draft.igst_paise}, ${draft.total_paise},
      ${draft.credit_paise ?? 0}, ${draft.coupon_code}, ${receiptOf(draft.id)},
      ${draft.gateway_order_id}, ${draft.cycle ?? null}, ${draft.collection === 'checkout' ? expiresAt : null},
      ${draft.created_by}, ${now}, ${now})
    on conflict (subscription_id, cycle) do nothing
    returning ${sql(orderColumns)}`
  return order ?? null
}

/** Ours for the gateway: the order's id, 36 characters of the 40 that it takes. */
export function receiptOf(orderId: string): string {
  return orderId
}
