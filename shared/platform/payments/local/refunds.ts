import { refused } from './api-error.ts'
import type { Work } from './store.ts'
import type { Notes, WirePayment, WireRefund } from './wire.ts'

interface RefundDraft {
  paymentId: string
  /** All that is left when null. */
  amount: number | null
  notes: Notes
  receipt: string | null
  /** X-Refund-Idempotency */
  key: string | null
  /** Whether it is with the bank at once. */
  isInstant: boolean
}

export async function createRefund(work: Work, draft: RefundDraft): Promise<WireRefund> {
  if (draft.key !== null && !/^[\w-]{10,}$/.test(draft.key)) throw refused('The idempotency key is malformed')
  const payment = await work.get('payment', draft.paymentId)
  const others = await work.linked('refund', 'payment_id', draft.paymentId)
  const before = draft.key === null ? undefined : others.find(({ inside }) => inside.key === draft.key)
  if (before) {
    if (draft.amount !== null && before.wire.amount !== draft.amount) {
      throw refused('Different request body sent for the same idempotency key')
    }
    return before.wire
  }
  const left = payment.wire.amount - payment.wire.amount_refunded
  if (payment.wire.status === 'refunded') throw refused('The payment has been fully refunded already')
  if (!payment.wire.captured) throw refused('The payment status should be captured for action to be taken')
  const amount = draft.amount ?? left
  if (amount > left) throw refused('The total refund amount is greater than the refund payment amount', 'amount')
  const refund: WireRefund = {
    id: work.newId('refund'),
    entity: 'refund',
    amount,
    currency: payment.wire.currency,
    payment_id: draft.paymentId,
    notes: draft.notes,
    receipt: draft.receipt,
    acquirer_data: { arn: null },
    created_at: work.now,
    batch_id: null,
    status: 'pending',
    speed_processed: 'normal',
    speed_requested: 'normal',
  }
  await work.put('refund', { wire: refund, inside: { key: draft.key, settled: false } })
  addRefunded(payment.wire, amount)
  await work.put('payment', payment)
  await work.emit('refund.created', { refund, payment: payment.wire })
  return draft.isInstant ? endRefund(work, refund.id, 'processed') : refund
}

function addRefunded(payment: WirePayment, amount: number): void {
  payment.amount_refunded += amount
  const isFull = payment.amount_refunded === payment.amount
  payment.refund_status = isFull ? 'full' : payment.amount_refunded > 0 ? 'partial' : null
  payment.status = isFull ? 'refunded' : 'captured'
}

/** The bank has paid it, or can't; then it may be asked for once more. */
export async function endRefund(work: Work, id: string, status: 'processed' | 'failed'): Promise<WireRefund> {
  const refund = await work.get('refund', id)
  if (refund.wire.status !== 'pending') throw refused('The refund has ended')
  refund.wire.status = status
  if (status === 'processed') refund.wire.acquirer_data.arn = '74332746110086002132135'
  await work.put('refund', refund)
  const payment = await work.get('payment', refund.wire.payment_id)
  if (status === 'failed') {
    addRefunded(payment.wire, -refund.wire.amount)
    await work.put('payment', payment)
  }
  await work.emit(`refund.${status}`, { refund: refund.wire, payment: payment.wire })
  return refund.wire
}
