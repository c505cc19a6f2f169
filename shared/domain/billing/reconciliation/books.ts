import type {
  DisputeSnapshot,
  OrderSnapshot,
  PaymentSnapshot,
  RefundSnapshot,
  SettlementSnapshot,
  SubscriptionSnapshot,
} from '../gateway.ts'

/** Creation times that are looked through; both ends are included. */
export interface Window {
  from: Date
  to: Date
}

/** What the gateway shows of a window. */
export interface GatewayBooks {
  window: Window
  /** Before anything of it was asked: rows of ours that changed later may be newer than what is shown. */
  listedAt: Date
  payments: PaymentSnapshot[]
  orders: OrderSnapshot[]
  refunds: RefundSnapshot[]
  subscriptions: SubscriptionSnapshot[]
  disputes: DisputeSnapshot[]
  settlements: SettlementSnapshot[]
  /** The subscription of each of the gateway's invoices that payments of the window name. */
  subscriptionOfInvoice: ReadonlyMap<string, string>
}

export interface OurPayment {
  gateway_payment_id: string
  org_id: string
  status: 'created' | 'failed' | 'authorized' | 'captured' | 'partially_refunded' | 'refunded'
  amount_paise: number
  /** Of refunds that are processed. */
  refunded_paise: number
  /** Of all refunds that the gateway has taken on and that have not failed. */
  taken_back_paise: number
  fee_paise: number | null
  /** Authorized ones are given back by the gateway itself, without ever having been ours. */
  was_captured: boolean
}

export interface OurRefund {
  gateway_refund_id: string
  gateway_payment_id: string
  org_id: string
  status: 'requested' | 'pending' | 'processed' | 'failed'
  amount_paise: number
}

export interface OurOrder {
  gateway_order_id: string
  org_id: string
  status: 'created' | 'attempted' | 'paid' | 'cancelled' | 'expired'
  /** The total less the credit that it uses. */
  payable_paise: number
}

export interface OurSubscription {
  gateway_subscription_id: string
  org_id: string
  gateway_status: string | null
  gateway_paid_count: number
  /** Over, or replaced: the gateway is not to charge it any more. */
  must_be_ended: boolean
  /** Our row goes on without it, and takes no news of it. */
  was_replaced: boolean
}

export interface OurDispute {
  gateway_dispute_id: string
  org_id: string
  status: DisputeSnapshot['status']
  deducted_paise: number
  updated_at: string
}

export interface OurSettlement {
  gateway_settlement_id: string
  amount_paise: number
  status: SettlementSnapshot['status']
}

/** What our rows say of the same, and of what they know from that time. */
export interface OurBooks {
  payments: OurPayment[]
  /** Captured ones of the window, which the gateway must know. */
  expectedPayments: OurPayment[]
  refunds: OurRefund[]
  /** Processed ones of the window. */
  expectedRefunds: OurRefund[]
  orders: OurOrder[]
  subscriptions: OurSubscription[]
  disputes: OurDispute[]
  settlements: OurSettlement[]
  /** The gateway's ids of payments that are booked as nobody's. */
  parkedPaymentIds: string[]
}
