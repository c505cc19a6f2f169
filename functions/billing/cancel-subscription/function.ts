import { endMandate, sendBillingMail } from '#shared/domain/billing/messages.ts'
import { Cancellation, Subscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription/cancellation',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Cancel the subscription, with the period that is paid or at once; nothing is charged any more',
  body: Cancellation,
  audit: 'subscription.cancelled',
  responses: { 200: Subscription },
  resources: { enqueues: [endMandate, sendBillingMail] },
  handler: () => import('./handler.ts'),
})
