import { AppError } from '../../errors.ts'
import type { Seller } from '../effects.ts'
import { formatRupees } from '../money.ts'
import type { BillingAccount } from './lock.ts'

/** From this value without tax on, invoices name customers who aren't registered too (rule 46(e) of the CGST rules). */
const namedFromPaise = 50_000_00

/**
 * Makes sure that an invoice over `netPaise` can say who buys: the name and the address, in India with the state.
 * @throws AppError CONFLICT when it has to and the customer hasn't said so
 */
export function assertNamed(account: BillingAccount, seller: Seller, netPaise: number): void {
  if (netPaise < namedFromPaise || seller.gstin === '') return
  const { legal_name, address_line_1, city, postal_code, country, state_code } = account
  const isNamed = [legal_name, address_line_1, city, postal_code].every((text) => text !== null)
  if (isNamed && (country !== 'IN' || state_code !== null)) return
  throw new AppError(
    'CONFLICT',
    `An invoice from ${formatRupees(namedFromPaise)} on has to name the customer: say name, address and state by PUT /v1/billing/account first`,
  )
}
