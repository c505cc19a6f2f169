import { applyDispute } from '../disputes/apply-dispute.ts'
import type { BillingEffects } from '../effects.ts'
import type { GatewayEvent, PaymentSnapshot } from '../gateway.ts'
import { applyFetched } from '../messages.ts'
import { applyOrder } from '../orders/apply-order.ts'
import { applyPayment, type Charge } from '../payments/apply-payment.ts'
import type { PaymentRow } from '../payments/rows.ts'
import { applyRefund } from '../refunds/apply-refund.ts'
import { refundsKnownOf } from '../refunds/rows.ts'
import { applySubscription } from '../subscriptions/apply.ts'

/** `unmatched`: what it is about isn't known here yet. */
export type Applied = 'applied' | 'unmatched'

/**
 * Takes in what an event tells of: of each object what it was then, which only ever adds to what is known. What it only
 * names is fetched. The caller holds the lock of the account.
 */
export async function applyEvent(effects: BillingEffects, orgId: string, event: GatewayEvent): Promise<Applied> {
  const { payment: paid, order, refund, dispute, subscription, occurredAt } = event
  if (order) await applyOrder(effects, orgId, order)
  if (subscription) await applySubscription(effects, orgId, subscription, occurredAt)
  const payment = paid ? await applyPayment(effects, orgId, paid, chargeOf(event)) : null
  const isRefundKnown = refund ? await applyRefund(effects, orgId, refund) : true
  const isDisputeKnown = dispute ? await applyDispute(effects, orgId, dispute) : true
  await fetchWhatIsMissing(effects, event, payment)
  const isPaymentKnown = !paid || payment !== null || !canBeBooked(paid)
  return isPaymentKnown && isRefundKnown && isDisputeKnown ? 'applied' : 'unmatched'
}

function canBeBooked({ currency, amountPaise }: PaymentSnapshot): boolean {
  return currency === 'INR' && amountPaise > 0
}

function chargeOf({ subscription, invoice, payment }: GatewayEvent): Charge | null {
  const id = subscription?.id ?? invoice?.subscriptionId ?? null
  if (id === null || !payment) return null
  const span = invoice?.subscriptionId
    ? { billingStart: invoice.billingStart, billingEnd: invoice.billingEnd }
    : { billingStart: subscription?.currentStart ?? null, billingEnd: subscription?.currentEnd ?? null }
  return { gatewaySubscriptionId: id, ...span }
}

async function fetchWhatIsMissing(
  effects: BillingEffects,
  event: GatewayEvent,
  payment: PaymentRow | null,
): Promise<void> {
  const { payment: paid, order, refund, dispute, invoice } = event
  const fetch = (kind: 'payment' | 'order', id: string) => effects.enqueue(applyFetched, { kind, gateway_id: id })
  if (order?.status === 'paid' && !paid) await fetch('order', order.id)
  const named = refund?.paymentId ?? dispute?.paymentId ?? invoice?.paymentId ?? null
  if (named !== null && !paid && !(await isCaptured(effects, named))) await fetch('payment', named)
  else if (paid && payment && (isUnsettled(payment) || (await hasMoreRefunds(effects, payment, paid)))) {
    await fetch('payment', paid.id)
  }
}

/** Of a mandate, and the event doesn't say of which. */
function isUnsettled({ captured_at, purpose, order_id, gateway_invoice_id }: PaymentRow): boolean {
  return captured_at !== null && purpose === null && order_id === null && gateway_invoice_id !== null
}

async function isCaptured({ sql }: BillingEffects, gatewayPaymentId: string): Promise<boolean> {
  const found = await sql`
    select 1 from payments where gateway_payment_id = ${gatewayPaymentId} and captured_at is not null`
  return found.length > 0
}

/** Whether the gateway has paid back more than we know refunds of. */
export async function hasMoreRefunds(
  { sql }: BillingEffects,
  payment: PaymentRow,
  news: PaymentSnapshot,
): Promise<boolean> {
  if (payment.captured_at === null || news.refundedPaise === 0) return false
  return news.refundedPaise > (await refundsKnownOf(sql, payment.id))
}
