import type { PaymentSnapshot } from '../gateway.ts'
import { paymentRank } from '../ranks.ts'
import type { GatewayBooks, OurBooks, OurPayment } from './books.ts'
import { difference, inAnotherCurrency, type Notes } from './findings.ts'

/** Payments; returns whose each of them is, by the gateway's id. */
export function comparePayments(
  notes: Notes,
  theirs: GatewayBooks,
  ours: OurBooks,
  asked: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const known = [...ours.expectedPayments, ...ours.payments]
  const rows = new Map(known.map((row) => [row.gateway_payment_id, row]))
  const orders = new Map(ours.orders.map((row) => [row.gateway_order_id, row.org_id]))
  const subscriptions = new Map(ours.subscriptions.map((row) => [row.gateway_subscription_id, row.org_id]))
  const orgs = new Map(known.map((row) => [row.gateway_payment_id, row.org_id]))
  for (const payment of theirs.payments) {
    const row = rows.get(payment.id)
    const ofInvoice = theirs.subscriptionOfInvoice.get(payment.invoiceId ?? '')
    const orgId = row?.org_id ?? orders.get(payment.orderId ?? '') ?? subscriptions.get(ofInvoice ?? '') ?? null
    if (payment.currency !== 'INR') {
      notes.differences.push(inAnotherCurrency(payment, orgId))
      continue
    }
    if (orgId === null) {
      parkPayment(notes, payment)
      continue
    }
    orgs.set(payment.id, orgId)
    if (row) compareWithRow(notes, row, payment, asked)
    // One that was only begun, or is of nothing, is told of by no webhook.
    else if (payment.status !== 'created' && payment.amountPaise > 0) {
      notes.repairs.push({ orgId, kind: 'payment', gatewayId: payment.id })
    }
  }
  const listed = new Set(theirs.payments.map(({ id }) => id))
  for (const row of ours.expectedPayments) {
    const id = row.gateway_payment_id
    if (listed.has(id)) continue
    if (asked.has(id)) notes.differences.push(difference('payment-missing', id, row.org_id, row.amount_paise, null))
    else notes.doubts.push({ kind: 'payment', gatewayId: id, gatewayPaymentId: id })
  }
  return orgs
}

function compareWithRow(notes: Notes, row: OurPayment, payment: PaymentSnapshot, asked: ReadonlySet<string>): void {
  const { id, status, amountPaise, refundedPaise, feePaise } = payment
  const { org_id: orgId } = row
  const [their, our] = [paymentRank[status], paymentRank[row.status]]
  const knowsFee = feePaise !== null && row.fee_paise === null
  if (row.amount_paise !== amountPaise) {
    notes.differences.push(difference('payment-amount-differs', id, orgId, row.amount_paise, amountPaise))
  } else if (their > our || refundedPaise > row.taken_back_paise || knowsFee) {
    notes.repairs.push({ orgId, kind: 'payment', gatewayId: id })
  } else if (their < our || refundedPaise < row.refunded_paise) {
    if (!asked.has(id)) return void notes.doubts.push({ kind: 'payment', gatewayId: id, gatewayPaymentId: id })
    const expected = { status: row.status, refunded_paise: row.refunded_paise }
    const found = { status, refunded_paise: refundedPaise }
    notes.differences.push({ ...difference('payment-state-differs', id, orgId, expected, found), amountPaise })
  }
}

/** What was never taken is nobody's business; what was paid back wholly is parked as it came, and its refund as it went. */
function parkPayment(notes: Notes, payment: PaymentSnapshot): void {
  if (!wasTaken(payment)) return
  notes.receipts.push(payment)
  const left = payment.amountPaise - payment.refundedPaise
  if (left > 0) notes.differences.push(difference('payment-unknown', payment.id, null, null, left))
}

/** Orders: only what was paid without our knowing. */
export function compareOrders(notes: Notes, theirs: GatewayBooks, ours: OurBooks): void {
  const rows = new Map(ours.orders.map((row) => [row.gateway_order_id, row]))
  for (const order of theirs.orders) {
    const row = rows.get(order.id)
    // One that was made for an answer that got lost; nobody can pay it, and if somebody did, the payment is parked.
    if (!row) continue
    if (order.currency !== 'INR') {
      notes.differences.push(inAnotherCurrency(order, row.org_id))
    } else if (order.amountPaise !== row.payable_paise) {
      notes.differences.push(
        difference('order-amount-differs', order.id, row.org_id, row.payable_paise, order.amountPaise),
      )
    } else if (order.status === 'paid' && (row.status === 'created' || row.status === 'attempted')) {
      notes.repairs.push({ orgId: row.org_id, kind: 'order', gatewayId: order.id })
    }
  }
}

/** The gateway gives back by itself what is authorized and never captured: without a fee. */
export function wasTaken(payment: PaymentSnapshot): boolean {
  return payment.status === 'captured' || (payment.status === 'refunded' && payment.feePaise !== null)
}
