import type { Sql } from '../../sql.ts'
import type { PriceLine } from '../catalogue/plans.ts'

export type OrderStatus = 'created' | 'attempted' | 'paid' | 'cancelled' | 'expired'

/** A row of `orders`. */
export interface OrderRow {
  id: string
  org_id: string
  subscription_id: string | null
  kind: 'start' | 'renewal' | 'change'
  collection: 'checkout' | 'mandate'
  plan_id: string
  period: 'month' | 'year'
  seats: number
  period_start: string | null
  period_end: string | null
  lines: PriceLine[]
  net_paise: number
  cgst_paise: number
  sgst_paise: number
  igst_paise: number
  total_paise: number
  /** What of the total credit notes pay; the rest is due. */
  credit_paise: number
  coupon_code: string | null
  receipt: string
  gateway_order_id: string | null
  cycle: number | null
  status: OrderStatus
  expires_at: string | null
  fulfilled_at: string | null
  payment_id: string | null
  created_by: string | null
  created_at: string
  updated_at: string
}

export const orderColumns = [
  ...['id', 'org_id', 'subscription_id', 'kind', 'collection', 'plan_id', 'period', 'seats', 'period_start'],
  ...['period_end', 'lines', 'net_paise', 'cgst_paise', 'sgst_paise', 'igst_paise', 'total_paise', 'credit_paise'],
  ...[
    'coupon_code',
    'receipt',
    'gateway_order_id',
    'cycle',
    'status',
    'expires_at',
    'fulfilled_at',
    'payment_id',
    'created_by',
  ],
  ...['created_at', 'updated_at'],
]

/** An order, locked until the commit; null when there is none such here. */
export async function lockOrder(sql: Sql, id: string): Promise<OrderRow | null> {
  const [order] = await sql<OrderRow[]>`
    select ${sql(orderColumns)} from orders where id = ${id} for no key update`
  return order ?? null
}

/** The order that the gateway knows by this id; null when there is none such here. */
export async function findOrderOf(sql: Sql, orgId: string, gatewayOrderId: string): Promise<OrderRow | null> {
  const [order] = await sql<OrderRow[]>`
    select ${sql(orderColumns)} from orders where org_id = ${orgId} and gateway_order_id = ${gatewayOrderId}`
  return order ?? null
}

/** What the customer pays, in paise: the amount at the gateway. */
export function dueOf(order: Pick<OrderRow, 'total_paise' | 'credit_paise'>): number {
  return order.total_paise - order.credit_paise
}
