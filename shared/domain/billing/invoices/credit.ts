import { AppError, notFound } from '../../errors.ts'
import type { BillingEffects } from '../effects.ts'
import { postTransaction } from '../ledger/post.ts'
import { creditNotePosting } from '../ledger/postings.ts'
import { deliverInvoice } from '../messages.ts'
import { partOf } from '../money.ts'
import { bearsTax, divideTax, gstRateBasisPoints, type TaxKind } from '../tax/gst.ts'
import { issueDocument } from './documents.ts'
import type { Amounts } from './lines.ts'
import type { Party } from './schemas.ts'

interface CreditedInvoice extends Amounts {
  number: string
  status: 'draft' | 'final' | 'void'
  order_id: string | null
  payment_id: string | null
  seller: Party
  buyer: Party
  place_of_supply: string
  tax_kind: TaxKind
  sac: string
}

/** A credit note that was issued. */
export interface CreditNote {
  id: string
  number: string
  net_paise: number
  total_paise: number
}

/**
 * Takes back a part of an invoice, or all that is left of it, by a credit note with its tax; books it and has it sent. An
 * invoice of which nothing is left is void. The caller holds the lock of the account.
 * @param credit.grossPaise with tax; above zero
 * @param credit.refundId of the refund that pays it back, which has one credit note: a second call returns it; null where
 *   it stays a credit of the customer
 * @throws AppError NOT_FOUND, or CONFLICT when less than that is left
 */
export async function creditInvoice(
  effects: BillingEffects,
  credit: { orgId: string; invoiceId: string; grossPaise: number; refundId: string | null; reason: string },
): Promise<CreditNote> {
  const { sql, enqueue, audit } = effects
  if (!Number.isSafeInteger(credit.grossPaise) || credit.grossPaise <= 0) throw new RangeError('a credit is above zero')
  const [invoice] = await sql<CreditedInvoice[]>`
    select number, status, order_id, payment_id, seller, buyer, place_of_supply, tax_kind,
      coalesce(lines -> 0 ->> 'sac', '') as sac, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise
    from invoices where id = ${credit.invoiceId} and kind = 'invoice' and status <> 'draft' for no key update`
  if (!invoice) throw notFound('Invoice')
  const there = await findNote(effects, credit.refundId)
  if (there) return there
  const before = await creditedSoFar(effects, credit.invoiceId)
  const after = before.total_paise + credit.grossPaise
  if (after > invoice.total_paise) {
    throw new AppError('CONFLICT', `Only ${invoice.total_paise - before.total_paise} paise of the invoice are left`)
  }
  const amounts = difference(creditedUpTo(invoice, after), before)
  const { tax_kind: taxKind, sac } = invoice
  const { total_paise: _, ...untotalled } = amounts
  const note = await issueDocument(effects, {
    orgId: credit.orgId,
    kind: 'credit_note',
    orderId: invoice.order_id,
    paymentId: invoice.payment_id,
    creditsId: credit.invoiceId,
    refundId: credit.refundId,
    seller: invoice.seller,
    buyer: invoice.buyer,
    placeOfSupply: invoice.place_of_supply,
    taxKind,
    lines: [
      {
        description: `Credit on invoice ${invoice.number}`,
        sac,
        quantity: 1,
        unit_paise: amounts.net_paise,
        rate_basis_points: bearsTax(taxKind) ? gstRateBasisPoints : 0,
        ...untotalled,
      },
    ],
    ...amounts,
    reason: credit.reason,
  })
  if (!note) throw new AppError('CONFLICT', 'The refund has a credit note in another organization')
  if (after === invoice.total_paise) await sql`update invoices set status = 'void' where id = ${credit.invoiceId}`
  await postTransaction(sql, creditNotePosting(note))
  await enqueue(deliverInvoice, { invoice_id: note.id })
  audit('credit_note.issued', {
    targetId: note.id,
    details: { number: note.number, invoice: invoice.number, total_paise: note.total_paise, reason: credit.reason },
  })
  return { id: note.id, number: note.number, net_paise: note.net_paise, total_paise: note.total_paise }
}

/**
 * How much of each part of an invoice is taken back when `grossPaise` of it are: depends on the sum alone, and no part
 * ever shrinks as it grows, so that any sequence of credits takes exactly the invoice apart.
 */
export function creditedUpTo(invoice: Amounts & { tax_kind: TaxKind }, grossPaise: number): Amounts {
  const net = partOf(invoice.net_paise, grossPaise, invoice.total_paise)
  return { net_paise: net, ...divideTax(grossPaise - net, invoice.tax_kind), total_paise: grossPaise }
}

function difference(after: Amounts, before: Amounts): Amounts {
  return {
    net_paise: after.net_paise - before.net_paise,
    cgst_paise: after.cgst_paise - before.cgst_paise,
    sgst_paise: after.sgst_paise - before.sgst_paise,
    igst_paise: after.igst_paise - before.igst_paise,
    total_paise: after.total_paise - before.total_paise,
  }
}

async function creditedSoFar({ sql }: BillingEffects, invoiceId: string): Promise<Amounts> {
  const [sums] = await sql<[Amounts]>`
    select coalesce(sum(net_paise), 0)::bigint as net_paise, coalesce(sum(cgst_paise), 0)::bigint as cgst_paise,
      coalesce(sum(sgst_paise), 0)::bigint as sgst_paise, coalesce(sum(igst_paise), 0)::bigint as igst_paise,
      coalesce(sum(total_paise), 0)::bigint as total_paise
    from invoices where credits_id = ${invoiceId} and status <> 'draft'`
  return sums
}

async function findNote({ sql }: BillingEffects, refundId: string | null): Promise<CreditNote | undefined> {
  if (refundId === null) return undefined
  const [note] = await sql<CreditNote[]>`
    select id, number, net_paise, total_paise from invoices where refund_id = ${refundId} and kind = 'credit_note'`
  return note
}
