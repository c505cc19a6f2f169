import type { GatewaySubscriptionStatus } from '#shared/domain/billing/gateway.ts'

/*
 * The objects of the local gateway as Razorpay's API shows them (https://razorpay.com/docs/api), with what nobody is
 * shown beside them. Amounts are paise, moments seconds since 1970.
 */

export type Notes = Record<string, string | number> | []

export interface WireOrder {
  id: string
  entity: 'order'
  amount: number
  amount_paid: number
  amount_due: number
  currency: string
  receipt: string | null
  offer_id: null
  status: 'created' | 'attempted' | 'paid'
  attempts: number
  notes: Notes
  created_at: number
}

export interface WirePayment {
  id: string
  entity: 'payment'
  amount: number
  currency: string
  status: 'created' | 'authorized' | 'captured' | 'refunded' | 'failed'
  order_id: string | null
  invoice_id: string | null
  international: boolean
  method: string
  amount_refunded: number
  refund_status: 'partial' | 'full' | null
  captured: boolean
  description: string | null
  card_id: string | null
  bank: null
  wallet: null
  vpa: string | null
  email: string
  contact: string
  notes: Notes
  fee: number | null
  tax: number | null
  error_code: string | null
  error_description: string | null
  error_source: string | null
  error_step: string | null
  error_reason: string | null
  created_at: number
}

export interface WireRefund {
  id: string
  entity: 'refund'
  amount: number
  currency: string
  payment_id: string
  notes: Notes
  receipt: string | null
  acquirer_data: { arn: string | null }
  created_at: number
  batch_id: null
  status: 'pending' | 'processed' | 'failed'
  speed_processed: 'normal'
  speed_requested: 'normal'
}

export interface WirePlan {
  id: string
  entity: 'plan'
  interval: number
  period: 'monthly' | 'yearly'
  item: { name: string; amount: number; unit_amount: number; currency: string; active: true }
  notes: Notes
  created_at: number
}

export interface WireSubscription {
  id: string
  entity: 'subscription'
  plan_id: string
  customer_id: string | null
  status: GatewaySubscriptionStatus
  current_start: number | null
  current_end: number | null
  ended_at: number | null
  quantity: number
  notes: Notes
  charge_at: number | null
  start_at: number | null
  end_at: number | null
  auth_attempts: number
  total_count: number
  paid_count: number
  remaining_count: number
  customer_notify: boolean
  created_at: number
  expire_by: number | null
  short_url: string
  has_scheduled_changes: boolean
  change_scheduled_at: number | null
  source: 'api'
  payment_method: string | null
}

export interface WireInvoice {
  id: string
  entity: 'invoice'
  type: 'invoice'
  subscription_id: string
  customer_id: string | null
  order_id: string
  payment_id: string | null
  status: 'issued' | 'paid'
  amount: number
  amount_paid: number
  amount_due: number
  currency: string
  billing_start: number | null
  billing_end: number | null
  line_items: { name: string; amount: number; currency: string; quantity: number }[]
  issued_at: number
  paid_at: number | null
  created_at: number
}

export interface WireDispute {
  id: string
  entity: 'dispute'
  payment_id: string
  amount: number
  currency: string
  amount_deducted: number
  reason_code: string
  respond_by: number
  status: 'open' | 'under_review' | 'action_required' | 'closed' | 'won' | 'lost'
  phase: 'chargeback'
  created_at: number
}

export interface WireSettlement {
  id: string
  entity: 'settlement'
  amount: number
  status: 'created' | 'processed' | 'failed'
  fees: number
  tax: number
  utr: string
  created_at: number
}

/** Each kind of object: what is shown, and what is kept beside it. */
export interface Kinds {
  order: { wire: WireOrder; inside: { captures: boolean; captureSeconds: number } }
  payment: { wire: WirePayment; inside: { settled: boolean } }
  refund: { wire: WireRefund; inside: { key: string | null; settled: boolean } }
  plan: { wire: WirePlan; inside: Record<string, never> }
  subscription: {
    wire: WireSubscription
    inside: {
      upfrontPaise: number
      /** The cycles are counted from here. */
      anchor: number
      cycles: number
      failedAttempts: number
      openInvoiceId: string | null
      nextPlanId: string | null
      cancelsAtEnd: boolean
      beforePause: 'active' | 'authenticated'
    }
  }
  invoice: { wire: WireInvoice; inside: Record<string, never> }
  dispute: { wire: WireDispute; inside: { settledPaise: number } }
  settlement: { wire: WireSettlement; inside: Record<string, never> }
}

export type Kind = keyof Kinds
export type Kept<K extends Kind> = Kinds[K]

/** How ids of each kind begin. */
export const prefixes = {
  order: 'order',
  payment: 'pay',
  refund: 'rfnd',
  plan: 'plan',
  subscription: 'sub',
  invoice: 'inv',
  dispute: 'disp',
  settlement: 'setl',
} as const satisfies Record<Kind, string>
