import type { Sql } from '../../sql.ts'
import type { PaymentSnapshot, RefundSnapshot } from '../gateway.ts'
import { postTransaction } from '../ledger/post.ts'
import { feePosting, parkedReceiptPosting, parkedReceiptReleasedPosting, refundPosting } from '../ledger/postings.ts'

/** Books a payment of nobody known, with its fee; in system scope. @returns false when it is booked already */
export async function parkReceipt(sql: Sql, payment: PaymentSnapshot): Promise<boolean> {
  const { id: gatewayPaymentId, amountPaise, feePaise, feeTaxPaise, createdAt } = payment
  const parked = await postTransaction(
    sql,
    parkedReceiptPosting({ gatewayPaymentId, amountPaise, capturedAt: createdAt }),
  )
  if (feePaise !== null) {
    const fee = { orgId: null, gatewayPaymentId, feePaise, feeTaxPaise: feeTaxPaise ?? 0, at: createdAt }
    await postTransaction(sql, feePosting(fee))
  }
  return parked
}

/** What was parked went back at the gateway's dashboard. */
export async function bookParkedRefund(sql: Sql, refund: RefundSnapshot): Promise<void> {
  const { id: gatewayRefundId, amountPaise, createdAt } = refund
  await postTransaction(sql, refundPosting({ orgId: null, gatewayRefundId, amountPaise, at: createdAt }))
}

/** Takes back the parking of receipts that have found their customer, for whom they are booked by now. */
export async function releaseFoundReceipts(sql: Sql, now: Date): Promise<void> {
  const found = await sql<{ id: string; amount_paise: number }[]>`
    update billing_differences d
    set status = 'resolved', resolved_at = ${now}, resolution = 'Its order is known now', found = '"known"'
    from payments p
    where p.gateway_payment_id = d.subject and d.kind = 'payment-unknown' and d.status = 'open'
      and exists (select from ledger_transactions where source = 'parked:' || d.subject)
      and exists (select from ledger_transactions where source = 'payment:' || d.subject)
    returning p.gateway_payment_id as id, p.amount_paise`
  for (const { id, amount_paise } of found) {
    await postTransaction(
      sql,
      parkedReceiptReleasedPosting({ gatewayPaymentId: id, amountPaise: amount_paise, at: now }),
    )
  }
}
