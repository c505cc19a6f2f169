import type { Sql } from '../../sql.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import { lockAccount } from './lock.ts'

/** What `openBilling` makes effects of: the context of a route, task or schedule. */
export type BillingContext = Omit<BillingEffects, 'settings' | 'account'>

/**
 * Locks the billing of an organization until the commit, and gives what its changes work with. Of one that was deleted a
 * row without its name is left, so that there is a log to write into and somebody to send for. Without any row there is
 * neither.
 */
export async function openBilling(
  { sql, now, enqueue, audit }: BillingContext,
  orgId: string,
  settings: BillingSettings,
): Promise<BillingEffects> {
  const account = await lockAccount(sql, orgId)
  const opened = { sql, now, settings, account }
  if (await isThere(sql, orgId)) return { ...opened, enqueue, audit }
  return { ...opened, enqueue: async () => {}, audit: () => {} }
}

/** Whether an organization has a row, even one that is being deleted or was. */
export async function isThere(sql: Sql, orgId: string): Promise<boolean> {
  const found = await sql`select 1 from organizations where id = ${orgId}`
  return found.length > 0
}
