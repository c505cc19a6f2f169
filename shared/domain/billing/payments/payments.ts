import { notFound } from '../../errors.ts'
import { endOfIds, type Page } from '../../paging.ts'
import type { Sql } from '../../sql.ts'
import { type RefundRow, refundColumns } from '../refunds/rows.ts'
import { findPayment, type PaymentRow, paymentColumns } from './rows.ts'
import type { Payment, PaymentWithRefunds, Refund } from './schemas.ts'

/** The payments of an organization, newest first. */
export async function listPayments(sql: Sql, orgId: string, page: Page): Promise<Payment[]> {
  const rows = await sql<PaymentRow[]>`
    select ${sql(paymentColumns)} from payments
    where org_id = ${orgId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
  return rows.map(showPayment)
}

/** @throws AppError NOT_FOUND */
export async function readPayment(sql: Sql, orgId: string, id: string): Promise<PaymentWithRefunds> {
  const payment = await findPayment(sql, id)
  if (payment?.org_id !== orgId) throw notFound('Payment')
  const refunds = await sql<RefundRow[]>`
    select ${sql(refundColumns)} from refunds where payment_id = ${id} order by id desc limit 100`
  return { ...showPayment(payment), refunds: refunds.map(showRefund) }
}

/** What a customer sees of it: what the gateway takes of it is not theirs. */
export function showPayment(row: PaymentRow): Payment {
  const { org_id: _org, gateway_invoice_id: _invoice, fee_paise: _fee, fee_tax_paise: _tax, ...payment } = row
  return payment
}

export function showRefund(row: RefundRow): Refund {
  const { org_id: _org, requested_by: _by, ...refund } = row
  return refund
}

/** Whose payment the gateway knows by this id; for operators, in system scope. @throws AppError NOT_FOUND */
export async function ownerOfPayment(sql: Sql, gatewayPaymentId: string): Promise<string> {
  const [payment] = await sql<{ org_id: string }[]>`
    select org_id from payments where gateway_payment_id = ${gatewayPaymentId}`
  if (!payment) throw notFound('Payment')
  return payment.org_id
}
