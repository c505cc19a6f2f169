import type postgres from 'postgres'
import type { Sql } from '../../sql.ts'
import type { Feature } from './features.ts'

/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** How a statement says that there is no limit: the largest number that is still exact everywhere. */
export const unlimited = Number.MAX_SAFE_INTEGER

/** Values, or expressions of the statement that asks: a column, `now()`. */
export interface LimitAsked {
  orgId: string | Fragment
  at: Date | Fragment
  defaultPlanId: string
}

/**
 * An organization's limit of a feature as an expression of another statement, so that whoever asks waits for no further
 * one. Without limit it is `unlimited`; what nothing is said of is 0.
 */
export function limitOf(sql: Sql, { orgId, at, defaultPlanId }: LimitAsked, feature: Feature): Fragment {
  const moment = at instanceof Date ? sql`${at.toISOString()}::timestamptz` : at
  return sql`(
    select case
      when e.overrides ? ${feature} then coalesce((e.overrides ->> ${feature})::bigint, ${unlimited}::bigint)
      when e.org_id is not null and ${feature} = 'seats' then e.seats
      else coalesce((
        select coalesce(quantity, ${unlimited}::bigint) from plan_limits
        where plan_id = coalesce(e.plan_id, ${defaultPlanId}) and feature = ${feature}), 0)
    end
    from (select) always
    left join entitlements e on e.org_id = ${orgId} and (e.until is null or e.until > ${moment}))`
}

/** Null: without limit. */
export function limitOrNull(quantity: number): number | null {
  return quantity >= unlimited ? null : quantity
}
