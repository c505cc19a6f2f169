import { AppError, notFound } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import type { Seller } from '../effects.ts'
import { placeOfSupply, taxKindOf } from '../tax/gst.ts'
import { type BillingAccount, lockAccount } from './lock.ts'
import type { Account, AccountDraft } from './schemas.ts'

/** What an organization has said of itself as a customer; all is null before it has. */
export async function readAccount(sql: Sql, orgId: string, seller: Seller): Promise<Account> {
  return show(await findAccount(sql, orgId), seller)
}

/** The row of an account, not locked; that of one that has said nothing where there is none. */
export async function findAccount(sql: Sql, orgId: string): Promise<BillingAccount> {
  const [account] = await sql<BillingAccount[]>`select * from billing_accounts where org_id = ${orgId}`
  return account ?? { ...nothingSaid, org_id: orgId }
}

/** The same, its row locked. */
export async function readLockedAccount(sql: Sql, orgId: string, seller: Seller): Promise<Account> {
  return show(await lockAccount(sql, orgId), seller)
}

/**
 * Writes down what an owner says of the customer. An exception from tax was granted to who they were: whoever gets another
 * country or GSTIN is taxed as everybody is until an operator has looked again.
 * @throws AppError CONFLICT when the organization buys nothing any more
 */
export async function updateAccount(sql: Sql, orgId: string, draft: AccountDraft, seller: Seller): Promise<Account> {
  const before = await lockAccount(sql, orgId)
  if (before.closed_at !== null) throw new AppError('CONFLICT', 'The organization is being deleted')
  const isSame = before.country === draft.country && before.gstin === draft.gstin
  const after = { ...draft, tax_treatment: isSame ? before.tax_treatment : ('standard' as const) }
  await sql`update billing_accounts set ${sql({ ...after })}, updated_at = now() where org_id = ${orgId}`
  return show({ ...before, ...after }, seller)
}

/**
 * Grants a customer an exception from tax, or takes it back; for operators, who have seen the proof of it.
 * @throws AppError NOT_FOUND, or CONFLICT when the customer is not one that it is for
 */
export async function setTaxTreatment(
  sql: Sql,
  orgId: string,
  treatment: BillingAccount['tax_treatment'],
  seller: Seller,
): Promise<Account> {
  const organizations = await sql`select 1 from organizations where id = ${orgId}`
  if (organizations.length === 0) throw notFound('Organization')
  const account = await lockAccount(sql, orgId)
  if (treatment === 'export' && account.country === 'IN') {
    throw new AppError('CONFLICT', 'The customer is in India: what it buys is no export')
  }
  if (treatment === 'reverse-charge' && account.gstin === null) {
    throw new AppError('CONFLICT', 'The customer has no GSTIN: it can’t owe the tax itself')
  }
  await sql`update billing_accounts set tax_treatment = ${treatment}, updated_at = now() where org_id = ${orgId}`
  return show({ ...account, tax_treatment: treatment }, seller)
}

const nothingSaid: Omit<BillingAccount, 'org_id'> = {
  legal_name: null,
  email: null,
  address_line_1: null,
  address_line_2: null,
  city: null,
  postal_code: null,
  state_code: null,
  country: 'IN',
  gstin: null,
  tax_treatment: 'standard',
  trial_used_at: null,
  closed_at: null,
}

function show(account: BillingAccount, seller: Seller): Account {
  return {
    legal_name: account.legal_name,
    email: account.email,
    address_line_1: account.address_line_1,
    address_line_2: account.address_line_2,
    city: account.city,
    postal_code: account.postal_code,
    state_code: account.state_code,
    country: account.country,
    gstin: account.gstin,
    tax_treatment: account.tax_treatment,
    tax_kind: taxKindOf(account, seller),
    place_of_supply: placeOfSupply(account, seller),
  }
}
