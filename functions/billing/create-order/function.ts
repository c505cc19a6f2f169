import { billingFollowUps } from '#shared/domain/billing/messages.ts'
import { Order, OrderDraft } from '#shared/domain/billing/orders/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/orders',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Order a plan: begin it, renew it, or change the running one at once',
  description:
    'Which of these it is follows from the subscription that there is. The price and the tax are those of this moment; the order waits a day for its payment. What costs nothing is given at once.',
  body: OrderDraft,
  idempotent: true,
  // Codes of coupons are not for guessing, and the gateway is asked.
  cost: 20,
  audit: 'order.created',
  responses: { 201: Order },
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
