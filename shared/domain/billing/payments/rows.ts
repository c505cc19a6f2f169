import type { Sql } from '../../sql.ts'

export const paymentStatuses = [
  'created',
  'failed',
  'authorized',
  'captured',
  'partially_refunded',
  'refunded',
] as const
export type PaymentStatus = (typeof paymentStatuses)[number]

/** A row of `payments`. */
export interface PaymentRow {
  id: string
  org_id: string
  order_id: string | null
  subscription_id: string | null
  gateway_payment_id: string
  gateway_order_id: string | null
  gateway_invoice_id: string | null
  status: PaymentStatus
  amount_paise: number
  refunded_paise: number
  fee_paise: number | null
  fee_tax_paise: number | null
  method: string | null
  error_code: string | null
  error_description: string | null
  purpose: 'order' | 'surplus' | null
  captured_at: string | null
  created_at: string
  updated_at: string
}

export const paymentColumns = [
  ...['id', 'org_id', 'order_id', 'subscription_id', 'gateway_payment_id', 'gateway_order_id', 'gateway_invoice_id'],
  ...['status', 'amount_paise', 'refunded_paise', 'fee_paise', 'fee_tax_paise', 'method', 'error_code'],
  ...['error_description', 'purpose', 'captured_at', 'created_at', 'updated_at'],
]

/** The payment that the gateway knows by this id, locked until the commit; null when there is none such here. */
export async function lockPaymentOf(sql: Sql, orgId: string, gatewayPaymentId: string): Promise<PaymentRow | null> {
  const [payment] = await sql<PaymentRow[]>`
    select ${sql(paymentColumns)} from payments
    where org_id = ${orgId} and gateway_payment_id = ${gatewayPaymentId} for no key update`
  return payment ?? null
}

/** A payment by our id; null when there is none such here. */
export async function findPayment(sql: Sql, id: string): Promise<PaymentRow | null> {
  const [payment] = await sql<PaymentRow[]>`select ${sql(paymentColumns)} from payments where id = ${id}`
  return payment ?? null
}
