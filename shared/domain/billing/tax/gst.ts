import type { BillingAccount } from '../accounts/lock.ts'
import type { Seller } from '../effects.ts'
import { partOf, shareOf } from '../money.ts'
import { stateNames } from './states.ts'

/**
 * How a supply is taxed: by CGST and SGST within a state, by IGST between states and abroad, and not at all as an export
 * under a letter of undertaking, where the recipient owes the tax, and where the seller isn't registered.
 */
export type TaxKind = 'intra-state' | 'inter-state' | 'export' | 'reverse-charge' | 'not-registered'

export interface Tax {
  cgst_paise: number
  sgst_paise: number
  igst_paise: number
}

/** Of information technology services (SAC 9983), in basis points. */
export const gstRateBasisPoints = 1800

/** Place of supply of what is sold abroad, as GST returns write it. */
const otherCountries = '96-Other Countries'

/** How the GST acts tax what `seller` sells to `account` (sections 5 to 16 of the IGST Act). */
export function taxKindOf(account: BillingAccount, seller: Seller): TaxKind {
  if (seller.gstin === '') return 'not-registered'
  if (account.tax_treatment === 'export' && account.country !== 'IN') return 'export'
  if (account.tax_treatment === 'reverse-charge' && account.gstin !== null) return 'reverse-charge'
  return account.country === 'IN' && stateOfSupply(account, seller) === seller.stateCode ? 'intra-state' : 'inter-state'
}

/**
 * `27-Maharashtra`: the recipient's state, or the seller's while the recipient's isn't known (section 12(2) of the IGST
 * Act); `96-Other Countries` for recipients abroad.
 */
export function placeOfSupply(account: BillingAccount, seller: Seller): string {
  if (account.country !== 'IN') return otherCountries
  const code = stateOfSupply(account, seller)
  return `${code}-${stateNames[code] ?? 'Unknown'}`
}

function stateOfSupply(account: BillingAccount, seller: Seller): string {
  return account.state_code ?? seller.stateCode
}

/** Whether an invoice of this kind bears tax; the others say why not. */
export function bearsTax(kind: TaxKind): boolean {
  return kind === 'intra-state' || kind === 'inter-state'
}

/** The tax on an amount without tax, in paise: rounded once as a whole, then halved; the odd paisa is the CGST's. */
export function taxOf(netPaise: number, kind: TaxKind): Tax & { total_paise: number } {
  const tax = bearsTax(kind) ? shareOf(netPaise, gstRateBasisPoints) : 0
  return { ...divideTax(tax, kind), total_paise: netPaise + tax }
}

/**
 * The parts of an amount with tax, in paise, whose sum is exactly that amount. For one that `taxOf` made it is what it was
 * made of.
 */
export function splitGross(grossPaise: number, kind: TaxKind): Tax & { net_paise: number; total_paise: number } {
  const net = bearsTax(kind) ? partOf(grossPaise, 10_000, 10_000 + gstRateBasisPoints) : grossPaise
  return { net_paise: net, ...divideTax(grossPaise - net, kind), total_paise: grossPaise }
}

/** A tax in its parts, in paise: halves within a state, of which CGST gets the odd paisa; IGST otherwise. */
export function divideTax(taxPaise: number, kind: TaxKind): Tax {
  if (kind !== 'intra-state') return { cgst_paise: 0, sgst_paise: 0, igst_paise: taxPaise }
  const sgst = Math.trunc(taxPaise / 2)
  return { cgst_paise: taxPaise - sgst, sgst_paise: sgst, igst_paise: 0 }
}
