import type { DisputeSnapshot, PaymentSnapshot } from './gateway.ts'
import type { PaymentStatus } from './payments/rows.ts'
import type { RefundRow } from './refunds/rows.ts'

/*
 * How far something is, of which news come in any order: it only ever goes forward. Here and at the gateway the words are
 * the same.
 */

/** How far a payment is; how much of it was paid back is apart. */
export const paymentRank: Record<PaymentSnapshot['status'] | PaymentStatus, number> = {
  created: 0,
  failed: 1,
  authorized: 2,
  captured: 3,
  partially_refunded: 3,
  refunded: 3,
}

export const refundRank: Record<RefundRow['status'], number> = { requested: 0, pending: 1, failed: 2, processed: 3 }

export const disputeRank: Record<DisputeSnapshot['status'], number> = {
  open: 0,
  action_required: 1,
  under_review: 2,
  closed: 3,
  won: 3,
  lost: 3,
}
