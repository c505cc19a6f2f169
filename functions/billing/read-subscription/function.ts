import { Subscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/subscription',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read the subscription, or the last one when it has ended',
  responses: { 200: Subscription },
  handler: () => import('./handler.ts'),
})
