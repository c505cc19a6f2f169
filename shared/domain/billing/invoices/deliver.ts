import { notFound } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { formatRupees } from '../money.ts'
import { readInvoice } from './read.ts'
import { renderInvoice } from './render.ts'
import type { Invoice } from './schemas.ts'
import { dayOf } from './wording.ts'

/** Part of the port of the object store. */
interface Objects {
  write(bucket: 'exports', key: string, body: Uint8Array, contentType: string): Promise<unknown>
}

/** A mail with an invoice, as mailers take it. */
export interface InvoiceMail {
  id: string
  to: string
  subject: string
  text: string
  attachments: [{ name: string; mediaType: 'application/pdf'; content: Uint8Array }]
}

/** A bucket forgets its files after a while; what is younger than this is certainly there. */
const keptDays = 60

/** An invoice, whether its PDF is stored, and whom it goes to: the account's address, else the owner's. */
export interface Deliverable {
  invoice: Invoice
  orgId: string
  isStored: boolean
  to: string | null
}

/** @throws AppError NOT_FOUND */
export async function openDelivery(sql: Sql, id: string, now: Date): Promise<Deliverable> {
  const invoice = await readInvoice(sql, id)
  const [found] = await sql<{ org_id: string; pdf_key: string | null; email: string | null }[]>`
    select i.org_id, i.pdf_key,
      coalesce(
        (select a.email from billing_accounts a where a.org_id = i.org_id),
        i.buyer ->> 'email',
        (select u.email from memberships m join users u on u.id = m.user_id
          where m.org_id = i.org_id and m.role = 'owner' order by m.created_at limit 1)
      ) as email
    from invoices i where i.id = ${id}`
  if (!found) throw notFound('Invoice')
  const age = now.getTime() - new Date(invoice.issued_at).getTime()
  const isStored = found.pdf_key !== null && age < keptDays * 86_400_000
  return { invoice, orgId: found.org_id, isStored, to: found.email || null }
}

/** Where the PDF of an invoice is stored. */
export function pdfKeyOf({ orgId, invoice }: Pick<Deliverable, 'orgId' | 'invoice'>): string {
  return `${orgId}/invoices/${invoice.id}.pdf`
}

/** The name by which a customer keeps it: `RF-2627-000001.pdf`. */
export function fileNameOf({ number }: Pick<Invoice, 'number'>): string {
  return `${number.replaceAll('/', '-')}.pdf`
}

/** Renders the PDF and stores it; the same again replaces it by the same. */
export async function storePdf(objects: Objects, delivery: Deliverable): Promise<Uint8Array> {
  const pdf = await renderInvoice(delivery.invoice)
  await objects.write('exports', pdfKeyOf(delivery), pdf, 'application/pdf')
  return pdf
}

/** Notes that the PDF is stored. */
export async function recordStored(sql: Sql, delivery: Deliverable): Promise<void> {
  await sql`update invoices set pdf_key = ${pdfKeyOf(delivery)} where id = ${delivery.invoice.id}`
}

/** Notes that it was sent, when it was sent first. */
export async function recordEmailed(sql: Sql, id: string, now: Date): Promise<void> {
  await sql`update invoices set emailed_at = ${now} where id = ${id} and emailed_at is null`
}

/** The mail that brings an invoice or credit note. */
export function invoiceMail(invoice: Invoice, to: string, pdf: Uint8Array): InvoiceMail {
  const { number, buyer, seller, total_paise: total } = invoice
  const title = invoice.kind === 'invoice' ? `Invoice ${number}` : `Credit note ${number}`
  const about =
    invoice.kind === 'invoice'
      ? `attached is your invoice ${number} of ${dayOf(invoice.issued_at)} over ${formatRupees(total)}. It is paid: nothing is left to do.`
      : `attached is credit note ${number} over ${formatRupees(total)}, for invoice ${invoice.credits_number}.`
  const text = [
    `Dear ${buyer.name},`,
    about,
    ...(invoice.reason ? [`Reason: ${invoice.reason}`] : []),
    ...(seller.email === null ? [] : [`Questions? Write to ${seller.email}.`]),
    seller.name,
  ]
  return {
    id: `invoice-${invoice.id}`,
    to,
    subject: `${title} from ${seller.name}`,
    text: `${text.join('\n\n')}\n`,
    attachments: [{ name: fileNameOf(invoice), mediaType: 'application/pdf', content: pdf }],
  }
}
