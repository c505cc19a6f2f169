import * as v from 'valibot'
import { Order } from '#shared/domain/billing/orders/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/orders',
  access: 'billing:manage',
  caller: 'person',
  summary: 'List the orders of the organization',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Order) },
  handler: () => import('./handler.ts'),
})
