import { AppError } from '../../errors.ts'
import { priceOf } from '../catalogue/plans.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { PaymentSnapshot } from '../gateway.ts'
import { fulfilOrder } from '../orders/fulfil.ts'
import { dueOf, type OrderRow } from '../orders/rows.ts'
import { requestRefund } from '../refunds/request.ts'
import { refundedOrAsked } from '../refunds/rows.ts'
import { orderForCharge } from '../subscriptions/charge.ts'
import { whyNotHeld } from '../subscriptions/order-holds.ts'
import type { Charge } from './apply-payment.ts'
import { type PaymentRow, paymentColumns } from './rows.ts'

/**
 * Decides, once, what a captured payment pays for: its order; or nothing, because the order has been paid already, was
 * replaced, is too late at its price, or its customer is gone: then it is paid back. Where the amount isn't the one that
 * was asked, neither: the money stays the customer's advance until somebody has looked at it.
 */
export async function settlePayment(
  effects: BillingEffects,
  payment: PaymentRow,
  known: OrderRow | null,
  charge: (Charge & { payment: PaymentSnapshot }) | null,
): Promise<PaymentRow> {
  const { sql, account } = effects
  if (account.closed_at !== null) return payBack(effects, payment, 'The account is closed')
  // What somebody has paid back before it was known what it paid for pays for nothing any more.
  const paidBack = await refundedOrAsked(sql, payment.id)
  if (paidBack >= payment.amount_paise) return setPurpose(effects, payment, 'surplus', null)
  if (paidBack > 0) {
    await noteUnexplained(effects, payment)
    return payment
  }
  const order = known ?? (charge ? await orderForCharge(effects, payment.org_id, charge) : null)
  if (!order) {
    // Of which mandate it is, its invoice at the gateway says.
    if (charge || payment.gateway_invoice_id === null) await noteUnexplained(effects, payment)
    return payment
  }
  const due = dueOf(order)
  if (due !== payment.amount_paise) {
    await noteDifference(sql, {
      orgId: payment.org_id,
      kind: 'amount-differs',
      subject: payment.gateway_payment_id,
      expected: due,
      found: payment.amount_paise,
      amountPaise: payment.amount_paise - due,
    })
    return payment
  }
  const reason = await whyUnwanted(effects, order, payment)
  if (reason !== null) return payBack(effects, payment, reason)
  const paid = await setPurpose(effects, payment, 'order', order)
  await fulfilOrder(effects, order.id, paid)
  return paid
}

/** Money that came in for nothing that we know of; it stays the customer's advance. */
export async function noteUnexplained({ sql }: BillingEffects, payment: PaymentRow): Promise<void> {
  const { org_id: orgId, gateway_payment_id: subject, amount_paise: amountPaise } = payment
  await noteDifference(sql, { orgId, kind: unexplained, subject, found: amountPaise, amountPaise })
}
const unexplained = 'payment-without-order'

/** Why an order takes no payment any more; null when it does. */
async function whyUnwanted(effects: BillingEffects, order: OrderRow, payment: PaymentRow): Promise<string | null> {
  if (order.fulfilled_at !== null) return 'The order has been paid already'
  if (order.status === 'cancelled') return 'The order was replaced by another one'
  // Paid in time is paid in time, however late we hear of it.
  const isLate = order.expires_at !== null && payment.created_at > order.expires_at
  if (isLate && !(await doesPriceHold(effects, order))) return 'The order has expired, and its price has changed'
  return whyNotHeld(effects, order, new Date(payment.created_at))
}

/** What is left of a running period costs less each day. */
async function doesPriceHold({ sql, now }: BillingEffects, order: OrderRow): Promise<boolean> {
  if (order.kind === 'change') return false
  const terms = { planId: order.plan_id, period: order.period, seats: order.seats }
  try {
    const then = await priceOf(sql, { ...terms, at: new Date(order.created_at) })
    return (await priceOf(sql, { ...terms, at: now })).net_paise === then.net_paise
  } catch (error) {
    // It isn't sold any more.
    if (error instanceof AppError) return false
    throw error
  }
}

async function payBack(effects: BillingEffects, payment: PaymentRow, reason: string): Promise<PaymentRow> {
  const surplus = await setPurpose(effects, payment, 'surplus', null)
  // Somebody may have done so at the dashboard.
  if ((await refundedOrAsked(effects.sql, surplus.id)) >= surplus.amount_paise) return surplus
  await requestRefund(effects, surplus, { purpose: 'surplus', reason, requestedBy: null })
  return surplus
}

async function setPurpose(
  { sql, now }: BillingEffects,
  payment: PaymentRow,
  purpose: 'order' | 'surplus',
  order: OrderRow | null,
): Promise<PaymentRow> {
  const [row] = await sql<PaymentRow[]>`
    update payments
    set purpose = ${purpose}, order_id = coalesce(order_id, ${order?.id ?? null}),
      subscription_id = coalesce(subscription_id, ${order?.subscription_id ?? null}), updated_at = ${now}
    where id = ${payment.id}
    returning ${sql(paymentColumns)}`
  if (!row) throw new Error('a payment is in another scope')
  await sql`
    update billing_differences set status = 'resolved', resolution = 'Explained since', resolved_at = ${now}
    where kind = ${unexplained} and subject = ${row.gateway_payment_id} and status = 'open'`
  return row
}
