import type { GatewayBooks, OurBooks } from './books.ts'
import { difference, inAnotherCurrency, type Notes } from './findings.ts'
import { refundRank } from './ranks.ts'

/** Refunds; after the payments, whose parked receipts they may be of. */
export function compareRefunds(
  notes: Notes,
  theirs: GatewayBooks,
  ours: OurBooks,
  { asked, orgOfPayment }: { asked: ReadonlySet<string>; orgOfPayment: ReadonlyMap<string, string> },
): void {
  const rows = new Map(ours.refunds.map((row) => [row.gateway_refund_id, row]))
  const parked = new Set([...ours.parkedPaymentIds, ...notes.receipts.map(({ id }) => id)])
  for (const refund of theirs.refunds) {
    const row = rows.get(refund.id)
    const orgId = row?.org_id ?? orgOfPayment.get(refund.paymentId) ?? null
    if (refund.currency !== 'INR') {
      notes.differences.push(inAnotherCurrency(refund, orgId))
    } else if (orgId === null) {
      if (refund.status !== 'processed') continue
      if (parked.has(refund.paymentId)) notes.parkedRefunds.push(refund)
      else notes.differences.push(difference('refund-unknown', refund.id, null, null, refund.amountPaise))
    } else if (!row) {
      notes.repairs.push({ orgId, kind: 'refund', gatewayId: refund.id })
    } else if (row.amount_paise !== refund.amountPaise) {
      notes.differences.push(
        difference('refund-amount-differs', refund.id, orgId, row.amount_paise, refund.amountPaise),
      )
    } else if (refundRank[refund.status] > refundRank[row.status]) {
      notes.repairs.push({ orgId, kind: 'refund', gatewayId: refund.id })
    } else if (refundRank[refund.status] < refundRank[row.status]) {
      if (asked.has(refund.id)) {
        notes.differences.push({
          ...difference('refund-state-differs', refund.id, orgId, row.status, refund.status),
          amountPaise: refund.amountPaise,
        })
      } else notes.doubts.push({ kind: 'refund', gatewayId: refund.id, gatewayPaymentId: refund.paymentId })
    } else if (refund.status === 'failed') {
      notes.differences.push(difference('refund-failed', refund.id, orgId, refund.amountPaise, 0))
    }
  }
  const listed = new Set(theirs.refunds.map(({ id }) => id))
  for (const row of ours.expectedRefunds) {
    const id = row.gateway_refund_id
    if (listed.has(id)) continue
    if (asked.has(id)) notes.differences.push(difference('refund-missing', id, row.org_id, row.amount_paise, null))
    else notes.doubts.push({ kind: 'refund', gatewayId: id, gatewayPaymentId: row.gateway_payment_id })
  }
}
