/**
 * The gateway as we see it: what we ask of it, and what it tells of its objects. The words are Razorpay's
 * (https://razorpay.com/docs/api); amounts are paise, moments are dates. What it tells is read from its wire format in
 * `wire.ts`, whether it came by webhook or was fetched, so that both lead to the same.
 */

export interface OrderSnapshot {
  id: string
  receipt: string | null
  amountPaise: number
  paidPaise: number
  currency: string
  status: 'created' | 'attempted' | 'paid'
  createdAt: Date
}

export interface PaymentSnapshot {
  id: string
  orderId: string | null
  /** Of the gateway's own invoice: each charge of a subscription has one. */
  invoiceId: string | null
  status: 'created' | 'authorized' | 'captured' | 'refunded' | 'failed'
  amountPaise: number
  refundedPaise: number
  currency: string
  /** With the tax on it; null until it was captured. */
  feePaise: number | null
  feeTaxPaise: number | null
  method: string | null
  errorCode: string | null
  errorDescription: string | null
  createdAt: Date
}

export interface RefundSnapshot {
  id: string
  paymentId: string
  amountPaise: number
  currency: string
  status: 'pending' | 'processed' | 'failed'
  /** Our refund's id, from its notes; null when somebody refunded at the gateway's dashboard. */
  ourId: string | null
  createdAt: Date
}

export interface DisputeSnapshot {
  id: string
  paymentId: string
  amountPaise: number
  deductedPaise: number
  currency: string
  status: 'open' | 'under_review' | 'action_required' | 'closed' | 'won' | 'lost'
  reasonCode: string | null
  respondBy: Date | null
  createdAt: Date
}

export type GatewaySubscriptionStatus =
  | 'created'
  | 'authenticated'
  | 'active'
  | 'pending'
  | 'halted'
  | 'paused'
  | 'cancelled'
  | 'completed'
  | 'expired'

export interface SubscriptionSnapshot {
  id: string
  planId: string
  status: GatewaySubscriptionStatus
  /** Charges so far, without what was paid upfront. */
  paidCount: number
  totalCount: number
  currentStart: Date | null
  currentEnd: Date | null
  chargeAt: Date | null
  startAt: Date | null
  endedAt: Date | null
  /** `card`, `upi`, `emandate`…; null until it was authorized. */
  paymentMethod: string | null
  /** Where the customer authorizes it. */
  shortUrl: string | null
  createdAt: Date
}

/** The gateway's own invoice of a charge; ours are the ones that count for tax. */
export interface GatewayInvoiceSnapshot {
  id: string
  subscriptionId: string | null
  paymentId: string | null
  orderId: string | null
  status: string
  amountPaise: number
  billingStart: Date | null
  billingEnd: Date | null
}

export interface SettlementSnapshot {
  id: string
  /** What reached the bank. */
  amountPaise: number
  feesPaise: number
  taxPaise: number
  status: 'created' | 'processed' | 'failed'
  utr: string | null
  createdAt: Date
}

/** What a webhook tells: its kind, when it happened, and the objects as they were then. */
export interface GatewayEvent {
  /** x-razorpay-event-id */
  id: string
  /** 'payment.captured' */
  type: string
  occurredAt: Date
  payment?: PaymentSnapshot
  order?: OrderSnapshot
  refund?: RefundSnapshot
  dispute?: DisputeSnapshot
  subscription?: SubscriptionSnapshot
  invoice?: GatewayInvoiceSnapshot
  settlement?: SettlementSnapshot
}

/** A window of creation times; `from` and `to` are included. The gateway gives at most 100 at once. */
export interface ListWindow {
  from: Date
  to: Date
  count: number
  skip: number
}

type Notes = Readonly<Record<string, string>>

/**
 * The payment gateway. Every call ends within its deadline or when `signal` says so, reads are repeated when the gateway
 * is in trouble, and what changes something is repeated only where that can't do it twice.
 *
 * @throws PlatformError NOT_FOUND; INVALID_ARGUMENT when the gateway refuses (its words only in `cause`); UNAVAILABLE when
 *   it failed or didn't answer, and whether it did what was asked is then unknown
 */
export interface PaymentGateway {
  /** Whether it takes real money: a live key. */
  readonly isLive: boolean
  /** The key that a browser needs to open the checkout. */
  readonly keyId: string
  /** Where a browser finds a page that lets somebody pay an order; null: through the gateway's own script alone. */
  checkoutUrl(orderId: string): string | null

  /** Makes an order; an earlier one with this receipt, whose answer was lost, is found again. */
  createOrder(
    order: { amountPaise: number; receipt: string; notes: Notes },
    signal?: AbortSignal,
  ): Promise<OrderSnapshot>
  fetchOrder(id: string, signal?: AbortSignal): Promise<OrderSnapshot>
  paymentsOfOrder(orderId: string, signal?: AbortSignal): Promise<PaymentSnapshot[]>
  fetchPayment(id: string, signal?: AbortSignal): Promise<PaymentSnapshot>
  /** Takes what was authorized; one that is captured already is fine. */
  capturePayment(id: string, amountPaise: number, signal?: AbortSignal): Promise<PaymentSnapshot>
  /** Pays back; the same `ourId` again is the same refund (`X-Refund-Idempotency`). */
  createRefund(
    refund: { paymentId: string; amountPaise: number; ourId: string },
    signal?: AbortSignal,
  ): Promise<RefundSnapshot>
  refundsOfPayment(paymentId: string, signal?: AbortSignal): Promise<RefundSnapshot[]>
  fetchRefund(id: string, signal?: AbortSignal): Promise<RefundSnapshot>
  fetchDispute(id: string, signal?: AbortSignal): Promise<DisputeSnapshot>

  /** @param amountPaise of each charge, with tax */
  createPlan(
    plan: { name: string; period: 'month' | 'year'; amountPaise: number },
    signal?: AbortSignal,
  ): Promise<{ id: string }>
  createSubscription(
    subscription: {
      planId: string
      totalCount: number
      /** When its own charges begin; null: at once. */
      startAt: Date | null
      /** Charged when the mandate is authorized: for the time until `startAt`. */
      upfront: { name: string; amountPaise: number } | null
      notes: Notes
    },
    signal?: AbortSignal,
  ): Promise<SubscriptionSnapshot>
  fetchSubscription(id: string, signal?: AbortSignal): Promise<SubscriptionSnapshot>
  /** @throws PlatformError INVALID_ARGUMENT also where the method of payment allows no change: cancel and make it anew */
  updateSubscription(
    id: string,
    change: { planId: string; when: 'now' | 'period-end' },
    signal?: AbortSignal,
  ): Promise<SubscriptionSnapshot>
  /** One that has ended is fine. */
  cancelSubscription(id: string, when: 'now' | 'period-end', signal?: AbortSignal): Promise<SubscriptionSnapshot>
  pauseSubscription(id: string, signal?: AbortSignal): Promise<SubscriptionSnapshot>
  resumeSubscription(id: string, signal?: AbortSignal): Promise<SubscriptionSnapshot>
  fetchInvoice(id: string, signal?: AbortSignal): Promise<GatewayInvoiceSnapshot>
  /** The gateway's invoices of a subscription, one for each charge. */
  invoicesOfSubscription(id: string, signal?: AbortSignal): Promise<GatewayInvoiceSnapshot[]>

  listOrders(window: ListWindow, signal?: AbortSignal): Promise<OrderSnapshot[]>
  listPayments(window: ListWindow, signal?: AbortSignal): Promise<PaymentSnapshot[]>
  listRefunds(window: ListWindow, signal?: AbortSignal): Promise<RefundSnapshot[]>
  listSubscriptions(window: ListWindow, signal?: AbortSignal): Promise<SubscriptionSnapshot[]>
  listSettlements(window: ListWindow, signal?: AbortSignal): Promise<SettlementSnapshot[]>
  listDisputes(window: ListWindow, signal?: AbortSignal): Promise<DisputeSnapshot[]>
}
