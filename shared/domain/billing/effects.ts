import type { Enqueue } from '../messaging.ts'
import type { Json, Sql } from '../sql.ts'
import type { BillingAccount } from './accounts/lock.ts'

/** Who sells, as it stands on invoices. */
export interface Seller {
  name: string
  /** Empty: not registered, so invoices bear no tax. */
  gstin: string
  addressLines: string[]
  stateCode: string
  email: string
  /** Services accounting code of what is sold. */
  sac: string
}

export interface BillingSettings {
  seller: Seller
  /** What an organization that pays nothing may use. */
  defaultPlanId: string
  /** So long what was bought stays usable after its end, while a charge is repeated or a renewal is awaited. */
  graceDays: number
}

/**
 * What changes of billing work with: one transaction in the scope of an organization, made by `openBilling`, which locks its
 * account row, so that they come one after the other.
 */
export interface BillingEffects {
  sql: Sql
  now: Date
  enqueue: Enqueue
  audit(action: string, entry?: { targetId?: string | null; details?: Readonly<Record<string, Json>> }): void
  settings: BillingSettings
  /** As it was locked. */
  account: BillingAccount
}
