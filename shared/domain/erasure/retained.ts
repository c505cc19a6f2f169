import type { Sql } from '../sql.ts'

/**
 * Tables whose rows outlive their organization, since the law wants them kept: what was ordered, paid and invoiced, and
 * the books. This role may not delete from them.
 */
export const retainedTables: ReadonlySet<string> = new Set([
  'billing_accounts',
  'billing_differences',
  'disputes',
  'gateway_events',
  'invoices',
  'ledger_balances',
  'ledger_entries',
  'ledger_transactions',
  'orders',
  'payments',
  'refunds',
  'subscriptions',
])

/** Whether anything of an organization is kept for ever. */
export async function hasRetained(sql: Sql, orgId: string): Promise<boolean> {
  for (const table of retainedTables) {
    const rows = await sql`select 1 from ${sql(table)} where org_id = ${orgId} limit 1`
    if (rows.length > 0) return true
  }
  return false
}
