import { newId } from '../../ids.ts'
import type { BillingAccount } from '../accounts/lock.ts'
import type { BillingEffects, Seller } from '../effects.ts'
import type { IssuedDocument } from '../ledger/postings.ts'
import type { TaxKind } from '../tax/gst.ts'
import type { Amounts } from './lines.ts'
import { type DocumentKind, takeNumber } from './numbers.ts'
import type { InvoiceLine, Party } from './schemas.ts'

/** What is to be issued; parties, lines and amounts as they will stand for ever. */
export interface DocumentDraft extends Amounts {
  orgId: string
  kind: DocumentKind
  orderId: string | null
  paymentId: string | null
  creditsId: string | null
  refundId: string | null
  seller: Party
  buyer: Party
  placeOfSupply: string
  taxKind: TaxKind
  lines: readonly InvoiceLine[]
  reason: string | null
}

/**
 * Writes a draft, gives it the next number of its series, and makes it final: from here on it isn't edited.
 * @returns null when an order's invoice, or a refund's credit note, is there already
 */
export async function issueDocument(effects: BillingEffects, draft: DocumentDraft): Promise<IssuedDocument | null> {
  const { sql, now } = effects
  const id = newId()
  const written = await sql`
    insert into invoices (id, org_id, kind, status, order_id, payment_id, credits_id, refund_id, seller, buyer,
      place_of_supply, tax_kind, lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise, reason)
    values (${id}, ${draft.orgId}, ${draft.kind}, 'draft', ${draft.orderId}, ${draft.paymentId}, ${draft.creditsId},
      ${draft.refundId}, ${sql.json({ ...draft.seller })}, ${sql.json({ ...draft.buyer })}, ${draft.placeOfSupply},
      ${draft.taxKind}, ${sql.json(draft.lines.map((line) => ({ ...line })))}, ${draft.net_paise},
      ${draft.cgst_paise}, ${draft.sgst_paise}, ${draft.igst_paise}, ${draft.total_paise}, ${draft.reason})
    on conflict do nothing`
  if (written.count === 0) return null
  const { financialYear, serial, number, issuedAt } = await takeNumber(sql, draft.kind, now)
  const [issued] = await sql<IssuedDocument[]>`
    update invoices
    set status = 'final', financial_year = ${financialYear}, serial = ${serial}, number = ${number}, issued_at = ${issuedAt}
    where id = ${id}
    returning id, org_id, number, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise, issued_at`
  if (!issued) throw new Error('an invoice was drafted in another scope')
  return issued
}

export function sellerParty(seller: Seller): Party {
  return {
    name: seller.name,
    gstin: seller.gstin || null,
    address_lines: seller.addressLines,
    state_code: seller.stateCode,
    country: 'IN',
    email: seller.email,
  }
}

/** @param organizationName stands in for the legal name while nobody has said it */
export function buyerParty(account: BillingAccount, organizationName: string): Party {
  const city = [account.city, account.postal_code].filter(Boolean).join(' ')
  const lines = [account.address_line_1 ?? '', account.address_line_2 ?? '', city]
  return {
    name: account.legal_name ?? organizationName,
    gstin: account.gstin,
    address_lines: lines.filter((line) => line !== ''),
    state_code: account.state_code,
    country: account.country,
    email: account.email,
  }
}
