import { endMandate, sendBillingMail } from '#shared/domain/billing/messages.ts'
import { Subscription, SubscriptionDraft } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Begin a plan that is charged by itself: the customer authorizes a mandate at authorize_url',
  description:
    'For periods of up to ₹15,000 with tax; dearer ones are ordered by POST /v1/billing/orders. The first period is charged with the authorization, in a trial at its end. Until then the subscription is incomplete; asked again, the earlier mandate is replaced.',
  body: SubscriptionDraft,
  idempotent: true,
  // Codes of coupons are not for guessing, and the gateway is asked.
  cost: 20,
  audit: 'subscription.created',
  responses: { 201: Subscription },
  resources: { enqueues: [endMandate, sendBillingMail] },
  handler: () => import('./handler.ts'),
})
