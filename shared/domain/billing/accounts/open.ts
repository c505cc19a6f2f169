import type { Sql } from '../../sql.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import { type BillingAccount, lockAccount } from './lock.ts'

/** What `openBilling` makes effects of: the context of a route, task or schedule. */
export type BillingContext = Omit<BillingEffects, 'settings'>

/**
 * Locks the billing of an organization until the commit, and gives what its changes work with. Where the organization is
 * being deleted, or is gone, there is no audit log to write into and no outbox to send from: what is left to do is found
 * by the schedule that follows up.
 */
export async function openBilling(
  { sql, now, enqueue, audit }: BillingContext,
  orgId: string,
  settings: BillingSettings,
): Promise<{ effects: BillingEffects; account: BillingAccount }> {
  const account = await lockAccount(sql, orgId)
  const isOpen = account.closed_at === null && (await isThere(sql, orgId))
  const effects = isOpen
    ? { sql, now, enqueue, audit, settings }
    : { sql, now, enqueue: async () => {}, audit: () => {}, settings }
  return { effects, account }
}

/** Whether an organization is there and not being deleted. */
export async function isThere(sql: Sql, orgId: string): Promise<boolean> {
  const found = await sql`select 1 from organizations where id = ${orgId} and deleting_at is null`
  return found.length > 0
}
