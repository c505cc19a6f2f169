import { refused } from './api-error.ts'
import type { Work } from './store.ts'
import type { WireDispute, WireSettlement } from './wire.ts'

const respondSeconds = 7 * 86_400

/** The customer's bank wants a payment back. */
export async function openDispute(
  work: Work,
  paymentId: string,
  options: { amount: number | null; isDeducted: boolean },
): Promise<WireDispute> {
  const { wire: payment } = await work.get('payment', paymentId)
  if (!payment.captured) throw refused('Only a captured payment is disputed')
  const amount = options.amount ?? payment.amount - payment.amount_refunded
  const dispute: WireDispute = {
    id: work.newId('dispute'),
    entity: 'dispute',
    payment_id: paymentId,
    amount,
    currency: payment.currency,
    amount_deducted: options.isDeducted ? amount : 0,
    reason_code: 'chargeback',
    respond_by: work.now + respondSeconds,
    status: 'open',
    phase: 'chargeback',
    created_at: work.now,
  }
  await work.put('dispute', { wire: dispute, inside: { settledPaise: 0 } })
  await work.emit('payment.dispute.created', { payment, dispute })
  return dispute
}

export async function moveDispute(work: Work, id: string, status: WireDispute['status']): Promise<WireDispute> {
  const dispute = await work.get('dispute', id)
  const { wire } = dispute
  if (['won', 'lost', 'closed'].includes(wire.status)) throw refused('The dispute has ended')
  if (status === 'open') throw refused('The dispute is open')
  wire.status = status
  if (status === 'lost') wire.amount_deducted = wire.amount
  if (status === 'won') wire.amount_deducted = 0
  await work.put('dispute', dispute)
  const { wire: payment } = await work.get('payment', wire.payment_id)
  await work.emit(`payment.dispute.${status}`, { payment, dispute: wire })
  return wire
}

/** Pays out what came in since the last time, less fees, refunds and what disputes hold; null when that is nothing. */
export async function settle(work: Work): Promise<WireSettlement | null> {
  let amount = 0
  let fees = 0
  let tax = 0
  for (const payment of await work.all('payment')) {
    if (!payment.wire.captured || payment.inside.settled) continue
    amount += payment.wire.amount - (payment.wire.fee ?? 0)
    fees += payment.wire.fee ?? 0
    tax += payment.wire.tax ?? 0
    payment.inside.settled = true
    await work.put('payment', payment)
  }
  for (const refund of await work.all('refund')) {
    if (refund.wire.status !== 'processed' || refund.inside.settled) continue
    amount -= refund.wire.amount
    refund.inside.settled = true
    await work.put('refund', refund)
  }
  for (const dispute of await work.all('dispute')) {
    amount -= dispute.wire.amount_deducted - dispute.inside.settledPaise
    dispute.inside.settledPaise = dispute.wire.amount_deducted
    await work.put('dispute', dispute)
  }
  if (amount === 0) return null
  const settlement: WireSettlement = {
    id: work.newId('settlement'),
    entity: 'settlement',
    amount,
    status: 'processed',
    fees,
    tax,
    utr: `${work.now}${work.newId('event').slice(4, 10)}`,
    created_at: work.now,
  }
  await work.put('settlement', { wire: settlement, inside: {} })
  await work.emit('settlement.processed', { settlement })
  return settlement
}
