import type { RefundSnapshot } from '../gateway.ts'
import { refundRank } from '../ranks.ts'
import type { GatewayBooks, OurBooks, OurRefund } from './books.ts'
import { wasTaken } from './compare-payments.ts'
import { difference, inAnotherCurrency, type Notes } from './findings.ts'

/** Refunds; after the payments, whose parked receipts they may be of. */
export function compareRefunds(
  notes: Notes,
  theirs: GatewayBooks,
  ours: OurBooks,
  { asked, orgOfPayment }: { asked: ReadonlySet<string>; orgOfPayment: ReadonlyMap<string, string> },
): void {
  const known = [...ours.expectedRefunds, ...ours.refunds]
  const rows = new Map(known.map((row) => [row.gateway_refund_id, row]))
  const parked = new Set([...ours.parkedPaymentIds, ...notes.receipts.map(({ id }) => id)])
  const taken = new Set(theirs.payments.filter(wasTaken).map(({ id }) => id))
  const neverOurs = new Set([
    ...theirs.payments.filter((payment) => !wasTaken(payment)).map(({ id }) => id),
    ...ours.payments
      .filter((row) => row.status === 'refunded' && !row.was_captured)
      .map((row) => row.gateway_payment_id),
  ])
  for (const refund of theirs.refunds) {
    const row = rows.get(refund.id)
    const orgId = row?.org_id ?? orgOfPayment.get(refund.paymentId) ?? null
    if (refund.currency !== 'INR') notes.differences.push(inAnotherCurrency(refund, orgId))
    else if (row) compareWithRow(notes, row, refund, asked)
    else if (refund.amountPaise === 0 || (neverOurs.has(refund.paymentId) && !taken.has(refund.paymentId))) continue
    else if (orgId !== null) notes.repairs.push({ orgId, kind: 'refund', gatewayId: refund.id })
    else if (refund.status !== 'processed') continue
    else if (parked.has(refund.paymentId)) notes.parkedRefunds.push(refund)
    else notes.differences.push(difference('refund-unknown', refund.id, null, null, refund.amountPaise))
  }
  const listed = new Set(theirs.refunds.map(({ id }) => id))
  for (const row of ours.expectedRefunds) {
    const id = row.gateway_refund_id
    if (listed.has(id)) continue
    if (asked.has(id)) notes.differences.push(difference('refund-missing', id, row.org_id, row.amount_paise, null))
    else notes.doubts.push({ kind: 'refund', gatewayId: id, gatewayPaymentId: row.gateway_payment_id })
  }
}

function compareWithRow(notes: Notes, row: OurRefund, refund: RefundSnapshot, asked: ReadonlySet<string>): void {
  const { id, status, amountPaise, paymentId } = refund
  const { org_id: orgId } = row
  const [their, our] = [refundRank[status], refundRank[row.status]]
  if (row.amount_paise !== amountPaise) {
    notes.differences.push(difference('refund-amount-differs', id, orgId, row.amount_paise, amountPaise))
  } else if (their > our) {
    notes.repairs.push({ orgId, kind: 'refund', gatewayId: id })
  } else if (their < our) {
    if (!asked.has(id)) return void notes.doubts.push({ kind: 'refund', gatewayId: id, gatewayPaymentId: paymentId })
    notes.differences.push({ ...difference('refund-state-differs', id, orgId, row.status, status), amountPaise })
  } else if (status === 'failed') {
    notes.differences.push({ ...difference('refund-failed', id, orgId, amountPaise, 0), amountPaise })
  }
}
