import * as v from 'valibot'
import { Order } from '#shared/domain/billing/orders/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/orders/{order_id}',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read an order',
  params: v.strictObject({ order_id: Id }),
  responses: { 200: Order },
  handler: () => import('./handler.ts'),
})
