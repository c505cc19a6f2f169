import type { DisputeSnapshot, GatewaySubscriptionStatus, PaymentSnapshot, RefundSnapshot } from '../gateway.ts'
import type { OurPayment, OurRefund } from './books.ts'

/** How far a payment is; how much of it was paid back is apart. */
export const paymentRank: Record<PaymentSnapshot['status'] | OurPayment['status'], number> = {
  created: 0,
  failed: 1,
  authorized: 2,
  captured: 3,
  partially_refunded: 3,
  refunded: 3,
}

export const refundRank: Record<RefundSnapshot['status'] | OurRefund['status'], number> = {
  requested: 0,
  pending: 1,
  failed: 2,
  processed: 3,
}

export const disputeRank: Record<DisputeSnapshot['status'], number> = {
  open: 0,
  action_required: 1,
  under_review: 2,
  closed: 3,
  won: 3,
  lost: 3,
}

/** States of a subscription at the gateway in which nothing is charged any more, for ever. */
export const endsOfMandates: ReadonlySet<string | null> = new Set<GatewaySubscriptionStatus>([
  'cancelled',
  'completed',
  'expired',
])
