import * as v from 'valibot'
import { Id, Timestamp } from '../../ids.ts'
import { Paise } from '../money.ts'

const SignedPaise = v.pipe(v.number(), v.safeInteger())

const Party = v.strictObject({
  name: v.string(),
  gstin: v.nullable(v.string()),
  address_lines: v.array(v.string()),
  state_code: v.nullable(v.string()),
  country: v.pipe(v.string(), v.description('ISO 3166-1 alpha-2')),
  email: v.nullable(v.string()),
})
/** Seller or buyer as an invoice keeps them, whatever becomes of them later. */
export type Party = v.InferOutput<typeof Party>

const InvoiceLine = v.strictObject({
  description: v.string(),
  sac: v.pipe(v.string(), v.description('Services accounting code')),
  quantity: v.number(),
  unit_paise: SignedPaise,
  net_paise: v.pipe(SignedPaise, v.description('Without tax; discounts and credits are below zero')),
  rate_basis_points: v.pipe(v.number(), v.description('Rate of all its taxes together; 1800 is 18 %')),
  cgst_paise: SignedPaise,
  sgst_paise: SignedPaise,
  igst_paise: SignedPaise,
})
/** A line of an invoice, as its row keeps it. */
export type InvoiceLine = v.InferOutput<typeof InvoiceLine>

/** What a list tells of an invoice or credit note. */
export const InvoiceSummary = v.strictObject({
  id: Id,
  kind: v.picklist(['invoice', 'credit_note']),
  status: v.pipe(v.picklist(['final', 'void']), v.description('`void`: its credit notes have taken all of it back')),
  number: v.string(),
  issued_at: Timestamp,
  order_id: v.nullable(Id),
  payment_id: v.nullable(Id),
  credits_id: v.pipe(v.nullable(Id), v.description('The invoice that a credit note takes back, in part or wholly')),
  net_paise: Paise,
  cgst_paise: Paise,
  sgst_paise: Paise,
  igst_paise: Paise,
  total_paise: Paise,
  emailed_at: v.nullable(Timestamp),
})
export type InvoiceSummary = v.InferOutput<typeof InvoiceSummary>

export const Invoice = v.strictObject({
  ...InvoiceSummary.entries,
  financial_year: v.pipe(v.string(), v.description('April to March, in India')),
  gateway_payment_id: v.pipe(v.nullable(v.string()), v.description('Of the payment, as the gateway names it')),
  period_start: v.pipe(v.nullable(Timestamp), v.description('Of what was bought')),
  period_end: v.pipe(v.nullable(Timestamp), v.description('The first moment that it doesn’t hold for')),
  credit_paise: v.pipe(Paise, v.description('What of it was paid from credit that the customer had')),
  credits_number: v.nullable(v.string()),
  credits_issued_at: v.nullable(Timestamp),
  seller: Party,
  buyer: Party,
  place_of_supply: v.string(),
  tax_kind: v.picklist(['intra-state', 'inter-state', 'export', 'reverse-charge', 'not-registered']),
  lines: v.array(InvoiceLine),
  reason: v.nullable(v.string()),
})
export type Invoice = v.InferOutput<typeof Invoice>

export const InvoiceDownload = v.strictObject({
  download_url: v.pipe(v.string(), v.description('PDF; good for an hour')),
  expires_at: Timestamp,
})
