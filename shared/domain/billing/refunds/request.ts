import { AppError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { BillingEffects } from '../effects.ts'
import { sendRefund } from '../messages.ts'
import { formatRupees } from '../money.ts'
import type { PaymentRow } from '../payments/rows.ts'
import { creditableInvoice, type RefundRow, refundColumns, refundedOrAsked } from './rows.ts'

export interface RefundRequest {
  purpose: 'sale' | 'surplus'
  /** Null: all that is left of it. */
  amountPaise?: number | null
  reason: string
  /** The operator who asked; null: it follows from what happened. */
  requestedBy: string | null
}

/**
 * Writes down that a captured payment is to be paid back, in part or wholly, and has it asked of the gateway. The caller
 * holds the lock of the account.
 * @throws AppError CONFLICT when the payment wasn't captured, or less than that is left of it or of its invoice
 */
export async function requestRefund(
  effects: BillingEffects,
  payment: PaymentRow,
  request: RefundRequest,
): Promise<RefundRow> {
  const { sql, now, enqueue, audit } = effects
  if (payment.captured_at === null) throw new AppError('CONFLICT', 'The payment was not captured')
  const left = await leftOf(effects, payment, request.purpose)
  const amountPaise = request.amountPaise ?? left
  if (amountPaise > left || left === 0) {
    throw new AppError('CONFLICT', `Of the payment ${formatRupees(left)} (${left} paise) can be paid back`)
  }
  const [refund] = await sql<RefundRow[]>`
    insert into refunds (id, org_id, payment_id, amount_paise, status, purpose, reason, requested_by, created_at, updated_at)
    values (${newId()}, ${payment.org_id}, ${payment.id}, ${amountPaise}, 'requested', ${request.purpose},
      ${request.reason.slice(0, 500)}, ${request.requestedBy}, ${now}, ${now})
    returning ${sql(refundColumns)}`
  if (!refund) throw new Error('a refund was written into another scope')
  await enqueue(sendRefund, { refund_id: refund.id })
  const details = { gateway_payment_id: payment.gateway_payment_id, amount_paise: amountPaise, purpose: refund.purpose }
  audit('refund.requested', { targetId: refund.id, details: { ...details, reason: refund.reason } })
  return refund
}

/** What was credited on an invoice already is the customer's credit: it is not paid back on top. */
async function leftOf(
  { sql }: BillingEffects,
  payment: PaymentRow,
  purpose: RefundRequest['purpose'],
): Promise<number> {
  const left = Math.max(0, payment.amount_paise - (await refundedOrAsked(sql, payment.id)))
  if (purpose === 'surplus') return left
  const invoice = await creditableInvoice(sql, payment.order_id)
  if (!invoice) return left
  return Math.max(0, Math.min(left, invoice.left_paise - (await askedOnly(sql, payment.id))))
}

/** Asked for and not processed yet: their credit notes are still to come. */
async function askedOnly(sql: BillingEffects['sql'], paymentId: string): Promise<number> {
  const [sum] = await sql<{ paise: number }[]>`
    select coalesce(sum(amount_paise), 0)::bigint as paise from refunds
    where payment_id = ${paymentId} and status in ('requested', 'pending') and purpose = 'sale'`
  return sum?.paise ?? 0
}
