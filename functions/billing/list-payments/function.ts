import * as v from 'valibot'
import { Payment } from '#shared/domain/billing/payments/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/payments',
  access: 'billing:manage',
  caller: 'person',
  summary: 'List the payments of the organization',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Payment) },
  handler: () => import('./handler.ts'),
})
