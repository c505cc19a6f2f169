import type { Sql } from '../../sql.ts'
import type { PaymentSnapshot, RefundSnapshot } from '../gateway.ts'
import type { AccountCode } from '../ledger/accounts.ts'
import { postTransaction } from '../ledger/post.ts'
import { feePosting, parkedReceiptPosting, refundPosting } from '../ledger/postings.ts'

/*
 * What is booked of a payment of nobody known bears names of its own, apart from what is booked when its customer is found:
 * then all of it is taken back in one posting.
 */

/** Books a payment of nobody known, with its fee; in system scope. @returns false when it is booked already */
export async function parkReceipt(sql: Sql, payment: PaymentSnapshot): Promise<boolean> {
  const { id: gatewayPaymentId, amountPaise, feePaise, feeTaxPaise, createdAt } = payment
  const parked = await postTransaction(
    sql,
    parkedReceiptPosting({ gatewayPaymentId, amountPaise, capturedAt: createdAt }),
  )
  if (feePaise !== null) {
    const fee = feePosting({ orgId: null, gatewayPaymentId, feePaise, feeTaxPaise: feeTaxPaise ?? 0, at: createdAt })
    await postTransaction(sql, { ...fee, source: `parked:${gatewayPaymentId}:fee`, kind: 'parked-fee' })
  }
  return parked
}

/** What was parked went back at the gateway's dashboard. */
export async function bookParkedRefund(sql: Sql, refund: RefundSnapshot): Promise<void> {
  const { id: gatewayRefundId, paymentId, amountPaise, createdAt } = refund
  const posting = refundPosting({ orgId: null, gatewayRefundId, amountPaise, at: createdAt })
  await postTransaction(sql, {
    ...posting,
    source: `parked:${paymentId}:refund:${gatewayRefundId}`,
    kind: 'parked-refund',
  })
}

/** Takes back all that was booked of receipts which have found their customer, for whom they are booked by now. */
export async function releaseFoundReceipts(sql: Sql, now: Date): Promise<void> {
  const found = await sql<{ id: string }[]>`
    select d.subject as id from billing_differences d
    where d.kind = 'payment-unknown'
      and exists (select from ledger_transactions where source = 'payment:' || d.subject)
      and exists (select from ledger_transactions where source = 'parked:' || d.subject)
      and not exists (select from ledger_transactions where source = 'parked:' || d.subject || ':released')
    order by d.subject`
  if (found.length === 0) return
  await sql`
    update billing_differences
    set status = 'resolved', resolved_at = ${now}, resolution = 'Its order is known now', found = '"known"'
    where kind = 'payment-unknown' and status = 'open' and subject in ${sql(found.map(({ id }) => id))}`
  for (const { id } of found) {
    const entries = await sql<{ account: AccountCode; amountPaise: number }[]>`
      select e.account, (-sum(e.amount_paise))::bigint as "amountPaise"
      from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
      where t.org_id is null and (t.source = ${`parked:${id}`} or starts_with(t.source, ${`parked:${id}:`}))
      group by e.account order by e.account`
    await postTransaction(sql, {
      source: `parked:${id}:released`,
      kind: 'parked-receipt-released',
      orgId: null,
      description: `Payment ${id}, now known whose it is`,
      occurredAt: now,
      entries,
    })
  }
}
