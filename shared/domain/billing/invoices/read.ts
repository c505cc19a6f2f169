import { notFound } from '../../errors.ts'
import { endOfIds, type Page } from '../../paging.ts'
import type { Sql } from '../../sql.ts'
import type { Invoice, InvoiceSummary } from './schemas.ts'

const summary = [
  ...['id', 'kind', 'status', 'number', 'issued_at', 'order_id', 'payment_id', 'credits_id', 'net_paise'],
  ...['cgst_paise', 'sgst_paise', 'igst_paise', 'total_paise', 'emailed_at'],
]

/** The invoices and credit notes of an organization, newest first. */
export function listInvoices(sql: Sql, orgId: string, page: Page): Promise<InvoiceSummary[]> {
  return sql<InvoiceSummary[]>`
    select ${sql(summary)} from invoices
    where org_id = ${orgId} and status <> 'draft' and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readInvoice(sql: Sql, id: string): Promise<Invoice> {
  const [invoice] = await sql<Invoice[]>`
    select i.id, i.kind, i.status, i.number, i.issued_at, i.order_id, i.payment_id, i.credits_id, i.net_paise,
      i.cgst_paise, i.sgst_paise, i.igst_paise, i.total_paise, i.emailed_at, i.financial_year, i.seller, i.buyer,
      i.place_of_supply, i.tax_kind, i.lines, i.reason, c.number as credits_number, c.issued_at as credits_issued_at,
      p.gateway_payment_id, coalesce(o.credit_paise, 0) as credit_paise,
      o.period_start, o.period_end
    from invoices i
      left join invoices c on c.id = i.credits_id
      left join payments p on p.id = i.payment_id
      left join orders o on o.id = i.order_id and i.kind = 'invoice'
    where i.id = ${id} and i.status <> 'draft'`
  if (!invoice) throw notFound('Invoice')
  return invoice
}
