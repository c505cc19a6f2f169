import * as v from 'valibot'
import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { PlanId } from '../catalogue/schemas.ts'
import { Paise, shareOf } from '../money.ts'

export const CouponCode = v.pipe(
  v.string(),
  v.trim(),
  v.toUpperCase(),
  v.regex(/^[A-Z0-9][A-Z0-9-]{2,29}$/, 'must be 3 to 30 letters, digits and hyphens'),
)

const BasisPoints = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000))
const Discount = v.pipe(Paise, v.minValue(1))
const Redemptions = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000))
const Moment = v.pipe(v.string(), v.isoTimestamp())

/** A coupon as it is stored. */
export const Coupon = v.strictObject({
  code: v.string(),
  percent_basis_points: v.nullable(v.pipe(BasisPoints, v.description('A share of the price: 2500 is a quarter'))),
  amount_paise: v.nullable(v.pipe(Discount, v.description('An amount off the price, without tax'))),
  duration: v.pipe(
    v.picklist(['once', 'forever']),
    v.description('once: of the first period alone; forever: of each renewal too'),
  ),
  plan_id: v.nullable(v.pipe(PlanId, v.description('Null: of each plan'))),
  maximum_redemptions: v.nullable(Redemptions),
  redeemed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  valid_from: Moment,
  valid_until: v.nullable(Moment),
})
export type Coupon = v.InferOutput<typeof Coupon>

/** A coupon as an operator makes it: a share or an amount off. */
export const CouponDraft = v.pipe(
  v.strictObject({
    code: CouponCode,
    percent_basis_points: v.optional(v.nullable(BasisPoints), null),
    amount_paise: v.optional(v.nullable(Discount), null),
    duration: v.picklist(['once', 'forever']),
    plan_id: v.optional(v.nullable(PlanId), null),
    maximum_redemptions: v.optional(v.nullable(Redemptions), null),
    valid_from: v.optional(Moment),
    valid_until: v.optional(v.nullable(Moment), null),
  }),
  v.check(
    ({ percent_basis_points, amount_paise }) => (percent_basis_points === null) !== (amount_paise === null),
    'must have one of percent_basis_points and amount_paise',
  ),
)
export type CouponDraft = v.InferOutput<typeof CouponDraft>

export const couponColumns = [
  'code',
  'percent_basis_points',
  'amount_paise',
  'duration',
  'plan_id',
  'maximum_redemptions',
  'redeemed',
  'valid_from',
  'valid_until',
]

/** What a coupon takes off a price, in paise without tax; never more than the price. */
export function discountOf(coupon: Coupon | null, netPaise: number): number {
  if (!coupon || netPaise <= 0) return 0
  const discount =
    coupon.percent_basis_points === null ? (coupon.amount_paise ?? 0) : shareOf(netPaise, coupon.percent_basis_points)
  return Math.min(discount, netPaise)
}

export async function findCoupon(sql: Sql, code: string): Promise<Coupon | null> {
  const [coupon] = await sql<Coupon[]>`select ${sql(couponColumns)} from coupons where code = ${code}`
  return coupon ?? null
}

export interface Redemption {
  orgId: string
  code: string
  planId: string
  at: Date
}

/**
 * A coupon that an organization may use for a plan now. One that it holds for an order that isn't paid may be used again.
 *
 * @throws AppError VALIDATION_ERROR that says why it may not; codes that there aren't and those of another time answer alike
 */
export async function usableCoupon(sql: Sql, { orgId, code, planId, at }: Redemption): Promise<Coupon> {
  const coupon = await findCoupon(sql, code)
  const isValid =
    coupon && new Date(coupon.valid_from) <= at && (!coupon.valid_until || new Date(coupon.valid_until) > at)
  if (!isValid) throw refused('There is no such coupon now')
  if (coupon.plan_id !== null && coupon.plan_id !== planId) throw refused('This coupon is for another plan')
  const held = await holdOf(sql, orgId, code)
  if (held === 'used') throw refused('This coupon was used already')
  const isGone = coupon.maximum_redemptions !== null && coupon.redeemed >= coupon.maximum_redemptions
  if (isGone && held === null) throw refused('This coupon was used as often as it can be')
  return coupon
}

/**
 * Holds a coupon for an order, which then alone may use it; in the transaction that makes the order. Of organizations that
 * ask at once never more get it than its maximum. Holding it again for the same order is fine.
 *
 * @throws AppError VALIDATION_ERROR when the organization has used it, or others were faster
 */
export async function holdCoupon(sql: Sql, held: { orgId: string; code: string; orderId: string }): Promise<void> {
  const { orgId, code, orderId } = held
  const [own] = await sql`select 1 from coupon_redemptions where org_id = ${orgId} and order_id = ${orderId}`
  if (own) return
  const state = await holdOf(sql, orgId, code)
  if (state === 'used') throw refused('This coupon was used already')
  if (state === 'open') {
    await sql`update coupon_redemptions set order_id = ${orderId} where org_id = ${orgId} and code = ${code}`
    return
  }
  const taken = await sql`
    update coupons set redeemed = redeemed + 1
    where code = ${code} and (maximum_redemptions is null or redeemed < maximum_redemptions) returning 1`
  if (taken.length === 0) throw refused('This coupon was used as often as it can be')
  await sql`insert into coupon_redemptions (org_id, code, order_id) values (${orgId}, ${code}, ${orderId})`
}

/** Gives back the coupons that an organization holds for orders that are over without having been paid. */
export async function releaseUnused(sql: Sql, orgId: string): Promise<void> {
  const released = await sql<{ code: string }[]>`
    delete from coupon_redemptions r
    where org_id = ${orgId} and exists (
      select 1 from orders where id = r.order_id and fulfilled_at is null and status in ('cancelled', 'expired'))
    returning code`
  for (const { code } of released) {
    await sql`update coupons set redeemed = redeemed - 1 where code = ${code} and redeemed > 0`
  }
}

/** `used`: an order with it was fulfilled; `open`: it is held for one that wasn't (yet). */
async function holdOf(sql: Sql, orgId: string, code: string): Promise<'used' | 'open' | null> {
  const [row] = await sql<{ fulfilled: boolean }[]>`
    select o.fulfilled_at is not null as fulfilled
    from coupon_redemptions r left join orders o on o.id = r.order_id
    where r.org_id = ${orgId} and r.code = ${code}`
  if (!row) return null
  return row.fulfilled ? 'used' : 'open'
}

function refused(message: string): AppError {
  return new AppError('VALIDATION_ERROR', message, [{ field: 'body.coupon_code', message }])
}
