import type { Sql } from '../../sql.ts'

/** A row of `billing_accounts`. */
export interface BillingAccount {
  org_id: string
  legal_name: string | null
  email: string | null
  address_line_1: string | null
  address_line_2: string | null
  city: string | null
  postal_code: string | null
  state_code: string | null
  country: string
  gstin: string | null
  tax_treatment: 'standard' | 'reverse-charge' | 'export'
  trial_used_at: string | null
  closed_at: string | null
}

/** Locks the billing of an organization until the commit; its account is made when there is none yet. */
export async function lockAccount(sql: Sql, orgId: string): Promise<BillingAccount> {
  const find = () => sql<BillingAccount[]>`
    select org_id, legal_name, email, address_line_1, address_line_2, city, postal_code, state_code, country, gstin,
      tax_treatment, trial_used_at, closed_at
    from billing_accounts where org_id = ${orgId} for no key update`
  const [account] = await find()
  if (account) return account
  // Of an organization that is being deleted it is closed from the start; the deletion has the row until it is committed.
  await sql`
    with organization as materialized (
      select deleting_at from organizations where id = ${orgId} for key share
    )
    insert into billing_accounts (org_id, closed_at)
    select ${orgId}, (select deleting_at from organization)
    on conflict do nothing`
  const [made] = await find()
  if (!made) throw new Error('the billing account is in another scope')
  return made
}
