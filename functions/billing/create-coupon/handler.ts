import { createCoupon } from '#shared/domain/billing/coupons/catalogue.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, now, log, principal }, { body }) => {
  const coupon = await createCoupon(sql, body, now)
  log.info('a coupon was made', { code: coupon.code, by: principal.userId })
  return { status: 201, body: coupon }
}
