import * as v from 'valibot'
import { Id } from '../ids.ts'
import { taskType } from '../messaging.ts'

/** A webhook's event is to be applied; its payload is in `gateway_events`. */
export const applyGatewayEvent = taskType(
  'webhooks',
  'billing-apply-event',
  v.object({ event_id: v.pipe(v.string(), v.minLength(1)) }),
)

/** What the gateway shows when it is asked (a payment, refund, subscription…) is to be applied, as an event would be. */
export const applyFetched = taskType(
  'webhooks',
  'billing-apply-fetched',
  v.object({
    kind: v.picklist(['payment', 'order', 'refund', 'dispute', 'subscription']),
    gateway_id: v.pipe(v.string(), v.minLength(1)),
  }),
)

/** An invoice or credit note is to be rendered, stored and sent. */
export const deliverInvoice = taskType('webhooks', 'billing-deliver-invoice', v.object({ invoice_id: Id }))

/** A refund is to be asked of the gateway. */
export const sendRefund = taskType('webhooks', 'billing-send-refund', v.object({ refund_id: Id }))

/** An authorized payment is to be captured. */
export const capturePayment = taskType('webhooks', 'billing-capture-payment', v.object({ payment_id: Id }))

/** A mandate at the gateway is to be ended: it was replaced, or its organization is gone. */
export const endMandate = taskType(
  'webhooks',
  'billing-end-mandate',
  v.object({ gateway_subscription_id: v.pipe(v.string(), v.minLength(1)) }),
)

/** What a mandate charges is to follow the terms of its subscription. */
export const updateMandate = taskType('webhooks', 'billing-update-mandate', v.object({ subscription_id: Id }))

/** Time has passed for a subscription whose end is near or over. */
export const advanceSubscription = taskType(
  'webhooks',
  'billing-advance-subscription',
  v.object({ subscription_id: Id }),
)

/** The customer is to be told of a debt, a failed charge, an end of trial… */
export const sendBillingMail = taskType(
  'webhooks',
  'billing-send-mail',
  v.object({
    template: v.picklist([
      'charge-failed',
      'renewal-due',
      'grace-over',
      'trial-ending',
      'subscription-ended',
      'authorize-mandate',
    ]),
    subscription_id: Id,
    /** Which of several of its kind: one mail for each. */
    occasion: v.string(),
  }),
)

/** All that a change of billing may want done afterwards: whatever applies news of the gateway can come to each of them. */
export const billingFollowUps = [
  applyGatewayEvent,
  applyFetched,
  deliverInvoice,
  sendRefund,
  capturePayment,
  endMandate,
  updateMandate,
  sendBillingMail,
] as const
