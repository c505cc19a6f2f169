import { noteDifference } from '../differences.ts'
import { applyDispute } from '../disputes/apply-dispute.ts'
import type { BillingEffects } from '../effects.ts'
import { capturePayment } from '../messages.ts'
import { applyOrder } from '../orders/apply-order.ts'
import { applyRefund } from '../refunds/apply-refund.ts'
import { refundsKnownOf } from '../refunds/rows.ts'
import { applySubscription } from '../subscriptions/apply.ts'
import { applyPayment, type Charge } from './apply-payment.ts'
import type { Fetched, FetchedPayment } from './fetch.ts'
import { noteUnexplained } from './settle.ts'

/**
 * Takes in what the gateway showed when it was asked, by the same ways as its events. What isn't explained by all of it is
 * noted as a difference. The caller holds the lock of the account.
 */
export async function applyFetchedObject(effects: BillingEffects, orgId: string, fetched: Fetched): Promise<void> {
  const { order, payments, refund, dispute, subscription, at } = fetched
  if (order) await applyOrder(effects, orgId, order)
  if (subscription) await applySubscription(effects, orgId, subscription, at)
  // In the order in which they were made: of two of one order the first one pays it.
  const inOrder = payments.toSorted((a, b) => a.payment.createdAt.getTime() - b.payment.createdAt.getTime())
  for (const one of inOrder) await applyFetchedPayment(effects, orgId, one)
  if (refund) await applyRefund(effects, orgId, refund)
  if (dispute) await applyDispute(effects, orgId, dispute)
}

async function applyFetchedPayment(effects: BillingEffects, orgId: string, fetched: FetchedPayment): Promise<void> {
  const { payment: news, refunds } = fetched
  const payment = await applyPayment(effects, orgId, news, chargeOf(fetched))
  if (!payment) return
  for (const refund of refunds) await applyRefund(effects, orgId, refund)
  // Nothing came of the first attempt to capture it.
  if (payment.status === 'authorized') await effects.enqueue(capturePayment, { payment_id: payment.id })
  if (payment.captured_at === null) return
  if (payment.purpose === null && payment.order_id === null) await noteUnexplained(effects, payment)
  const known = await refundsKnownOf(effects.sql, payment.id)
  if (news.refundedPaise <= known) return
  const difference = { orgId, kind: 'refund-unexplained', subject: news.id, expected: known, found: news.refundedPaise }
  await noteDifference(effects.sql, { ...difference, amountPaise: news.refundedPaise - known })
}

function chargeOf({ invoice }: FetchedPayment): Charge | null {
  if (!invoice?.subscriptionId) return null
  const { subscriptionId: gatewaySubscriptionId, billingStart, billingEnd } = invoice
  return { gatewaySubscriptionId, billingStart, billingEnd }
}
