import * as v from 'valibot'
import { Coupon } from '#shared/domain/billing/coupons/coupons.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/coupons',
  access: 'operator',
  summary: 'List the coupons of this installation, and how often each was used',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Coupon) },
  handler: () => import('./handler.ts'),
})
