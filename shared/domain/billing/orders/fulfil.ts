import type { BillingEffects } from '../effects.ts'
import { issueInvoice } from '../invoices/issue.ts'
import type { PaymentRow } from '../payments/rows.ts'
import { orderPaid } from '../subscriptions/order-paid.ts'
import { lockOrder, type OrderRow, orderColumns } from './rows.ts'

/**
 * Gives what an order has bought, once: its invoice, and what its subscription is then. What else the organization had
 * open at the checkout was made for another state of things and is cancelled. The caller holds the lock of the account.
 * @param payment null where nothing had to be paid
 * @returns whether it was done now; false: it had been before
 */
export async function fulfilOrder(
  effects: BillingEffects,
  orderId: string,
  payment: PaymentRow | null,
): Promise<boolean> {
  const { sql, now, audit } = effects
  const order = await lockOrder(sql, orderId)
  if (!order) throw new Error('an order to be fulfilled is in another scope')
  if (order.fulfilled_at !== null) return false
  const [paid] = await sql<OrderRow[]>`
    update orders set status = 'paid', fulfilled_at = ${now}, payment_id = ${payment?.id ?? null}, updated_at = ${now}
    where id = ${order.id}
    returning ${sql(orderColumns)}`
  if (!paid) throw new Error('an order is in another scope')
  await sql`
    update orders set status = 'cancelled', updated_at = ${now}
    where org_id = ${order.org_id} and id <> ${order.id} and collection = 'checkout' and status in ('created', 'attempted')`
  await orderPaid(effects, paid)
  // Last: the series of numbers is locked from here on, and whoever holds coupons may be waiting for it.
  const invoice = await issueInvoice(effects, {
    orgId: order.org_id,
    order: paid,
    paymentId: payment?.id ?? null,
  })
  const details = { invoice: invoice.number, total_paise: order.total_paise, plan_id: order.plan_id, kind: order.kind }
  audit('order.fulfilled', { targetId: order.id, details })
  return true
}
