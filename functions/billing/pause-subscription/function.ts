import { billingFollowUps } from '#shared/domain/billing/messages.ts'
import { Subscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription/pause',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Pause the charges of a mandate; what is paid for stays usable until its end',
  audit: 'subscription.paused',
  responses: { 200: Subscription },
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
