import { Coupon, CouponDraft } from '#shared/domain/billing/coupons/coupons.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/operator/coupons',
  access: 'operator',
  summary: 'Make a coupon: a share or an amount off the first period, or off each',
  idempotent: true,
  body: CouponDraft,
  responses: { 201: Coupon },
  handler: () => import('./handler.ts'),
})
