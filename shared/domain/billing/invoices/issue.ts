import type { BillingEffects } from '../effects.ts'
import { postTransaction } from '../ledger/post.ts'
import { invoicePosting } from '../ledger/postings.ts'
import { deliverInvoice } from '../messages.ts'
import { placeOfSupply, taxKindOf } from '../tax/gst.ts'
import { buyerParty, issueDocument, sellerParty } from './documents.ts'
import { type Amounts, invoiceAmounts, type OrderLine, taxLines } from './lines.ts'

/** The order that an invoice is over. */
export interface InvoicedOrder extends Amounts {
  id: string
  lines: readonly OrderLine[]
}

/**
 * Issues the invoice of a paid order, books it, and has it sent; once for each order, a second call returns the first
 * one. The caller holds the lock of the account.
 * @param of.paymentId null where nothing had to be paid
 */
export async function issueInvoice(
  effects: BillingEffects,
  of: { orgId: string; order: InvoicedOrder; paymentId: string | null },
): Promise<{ id: string; number: string }> {
  const { sql, settings, account, enqueue, audit } = effects
  const there = await findInvoice(effects, of.order.id)
  if (there) return there
  const taxKind = taxKindOf(account, settings.seller)
  const amounts = invoiceAmounts(of.order, taxKind)
  const invoice = await issueDocument(effects, {
    orgId: of.orgId,
    kind: 'invoice',
    orderId: of.order.id,
    paymentId: of.paymentId,
    creditsId: null,
    refundId: null,
    seller: sellerParty(settings.seller),
    buyer: buyerParty(account, await organizationName(effects, of.orgId)),
    placeOfSupply: placeOfSupply(account, settings.seller),
    taxKind,
    lines: taxLines(of.order.lines, amounts, taxKind, settings.seller.sac),
    ...amounts,
    reason: null,
  })
  if (!invoice) {
    // Somebody without the account's lock was faster.
    const other = await findInvoice(effects, of.order.id)
    if (!other) throw new Error('an order has an invoice in another scope')
    return other
  }
  await postTransaction(sql, invoicePosting(invoice))
  await enqueue(deliverInvoice, { invoice_id: invoice.id })
  audit('invoice.issued', {
    targetId: invoice.id,
    details: { number: invoice.number, order_id: of.order.id, total_paise: invoice.total_paise },
  })
  return { id: invoice.id, number: invoice.number }
}

async function findInvoice({ sql }: BillingEffects, orderId: string) {
  const [invoice] = await sql<{ id: string; number: string }[]>`
    select id, number from invoices where order_id = ${orderId} and kind = 'invoice' and number is not null`
  return invoice
}

async function organizationName({ sql }: BillingEffects, orgId: string): Promise<string> {
  const [organization] = await sql<{ name: string }[]>`select name from organizations where id = ${orgId}`
  // Deleted meanwhile: what it was called is gone with it.
  return organization?.name ?? 'Customer'
}
