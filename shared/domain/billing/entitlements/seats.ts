import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import type { Fragment } from './limit.ts'
import type { EntitledAt } from './read.ts'
import { requireRoom } from './require.ts'

/** Also of suspended members: they can be let in again at any time. */
function members(sql: Sql, orgId: string): Fragment {
  return sql`select count(*) from memberships where org_id = ${orgId}`
}

/** The seats that are taken, or held by an open invitation, as an expression. */
export function seatsTaken(sql: Sql, { orgId, at }: { orgId: string; at: Date }): Fragment {
  return sql`
    select (${members(sql, orgId)}) + (
      select count(*) from invitations
      where org_id = ${orgId} and accepted_at is null and revoked_at is null
        and expires_at > ${at.toISOString()}::timestamptz)`
}

/**
 * Makes sure that there is a seat for everybody who is in an organization or invited, the newest included, under the lock of
 * its memberships.
 * @throws AppError BUDGET_EXCEEDED
 */
export function requireSeat(sql: Sql, asked: EntitledAt): Promise<void> {
  return requireRoom(sql, { ...asked, feature: 'seats', count: seatsTaken(sql, asked) })
}

/**
 * Makes sure that there is a seat for everybody who is in an organization, the newest included, under the lock of its
 * memberships: there may be fewer than when they were invited.
 * @throws AppError BUDGET_EXCEEDED, in words for somebody from outside
 */
export async function requireMemberSeat(sql: Sql, asked: EntitledAt): Promise<void> {
  try {
    await requireRoom(sql, { ...asked, feature: 'seats', count: members(sql, asked.orgId) })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const message = 'Every seat of this organization is taken; ask whoever invited you for one more'
    throw new AppError(error.code, message, error.details, { cause: error })
  }
}
