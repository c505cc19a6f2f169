import * as v from 'valibot'
import { billingFollowUps } from '#shared/domain/billing/messages.ts'
import { CheckoutResult, Order } from '#shared/domain/billing/orders/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/orders/{order_id}/verification',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Hand over what the checkout said, and have the payment taken in at once',
  description:
    'The payment is asked of the gateway; its webhook alone would do too. The order is `paid` when the gateway has captured it, which may take it a few minutes.',
  params: v.strictObject({ order_id: Id }),
  body: CheckoutResult,
  audit: 'order.verified',
  responses: { 200: Order },
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
