import { AppError, notFound } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { lockAccount } from '../accounts/lock.ts'
import type { LimitOverrides } from './features.ts'

export interface Grant {
  orgId: string
  planId: string
  seats: number
  /** End of what is paid for, with its grace; null: until further notice. */
  until: Date | null
}

/** Lets an organization use a plan; what a contract says beyond it stays. Doing it again is fine. */
export async function grantEntitlement(sql: Sql, { orgId, planId, seats, until }: Grant): Promise<void> {
  await sql`
    insert into entitlements as e (org_id, plan_id, seats, until)
    values (${orgId}, ${planId}, ${seats}, ${until})
    on conflict (org_id) do update
    set plan_id = excluded.plan_id, seats = excluded.seats, until = excluded.until, by_contract = false,
      updated_at = now()`
}

/** Puts an organization back to the default plan, with nothing beyond it. Doing it again is fine. */
export async function withdrawEntitlement(sql: Sql, orgId: string): Promise<void> {
  await sql`delete from entitlements where org_id = ${orgId}`
}

/**
 * Lets an organization use what a contract says, whatever it paid for: of any plan, also one that isn't sold. The transaction
 * must have entered the organization.
 * @throws AppError NOT_FOUND when there is no such organization (any more), VALIDATION_ERROR for a plan that there isn't
 */
export async function setContract(sql: Sql, contract: Grant & { overrides: LimitOverrides }): Promise<void> {
  const { orgId, planId, seats, until, overrides } = contract
  const stands = await sql`select 1 from organizations where id = ${orgId} and deleting_at is null`
  if (stands.length === 0) throw notFound('Organization')
  await lockAccount(sql, orgId)
  const written = await sql`
    insert into entitlements as e (org_id, plan_id, seats, until, overrides, by_contract)
    select ${orgId}, id, ${seats}, ${until}, ${sql.json(overrides)}, true from plans where id = ${planId}
    on conflict (org_id) do update
    set plan_id = excluded.plan_id, seats = excluded.seats, until = excluded.until, overrides = excluded.overrides,
      by_contract = true, updated_at = now()
    returning 1`
  if (written.length > 0) return
  throw new AppError('VALIDATION_ERROR', 'There is no such plan', [
    { field: 'body.plan_id', message: 'is no plan of this installation' },
  ])
}
