import { billingFollowUps } from '#shared/domain/billing/messages.ts'
import { Subscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription/resumption',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Go on with a paused subscription, or take back its cancellation at the end of the period',
  description: 'After a cancellation that was taken back, periods are paid by order: the mandate is gone.',
  audit: 'subscription.resumed',
  responses: { 200: Subscription },
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
