import { AppError } from '../../errors.ts'
import type { Page } from '../../paging.ts'
import type { Sql } from '../../sql.ts'
import { type Coupon, type CouponDraft, couponColumns } from './coupons.ts'

/** After each code. */
const endOfCodes = '~'

/**
 * Makes a coupon; in the scope of the system.
 *
 * @throws AppError CONFLICT when there is one with this code, VALIDATION_ERROR for a plan that there isn't or a time that is
 *   over before it begins
 */
export async function createCoupon(sql: Sql, draft: CouponDraft, now: Date): Promise<Coupon> {
  const { valid_from = now.toISOString(), ...rest } = draft
  if (rest.valid_until !== null && new Date(rest.valid_until) <= new Date(valid_from)) {
    throw refused('valid_until', 'must be later than valid_from')
  }
  const [plan] = rest.plan_id === null ? [true] : await sql`select 1 from plans where id = ${rest.plan_id}`
  if (!plan) throw refused('plan_id', 'is no plan of this installation')
  const [coupon] = await sql<Coupon[]>`
    insert into coupons ${sql({ ...rest, valid_from })} on conflict do nothing returning ${sql(couponColumns)}`
  if (!coupon) throw new AppError('CONFLICT', 'There is a coupon with this code')
  return coupon
}

/** The coupons of the installation, by their codes backwards. */
export function listCoupons(sql: Sql, page: Page): Promise<Coupon[]> {
  return sql<Coupon[]>`
    select ${sql(couponColumns)} from coupons where code collate "C" < ${page.before ?? endOfCodes}
    order by code collate "C" desc limit ${page.size + 1}`
}

function refused(field: string, message: string): AppError {
  return new AppError('VALIDATION_ERROR', `The coupon's ${field} ${message}`, [{ field: `body.${field}`, message }])
}
