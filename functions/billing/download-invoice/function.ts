import * as v from 'valibot'
import { InvoiceDownload } from '#shared/domain/billing/invoices/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/invoices/{invoice_id}/download',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Get a URL to download an invoice or credit note as PDF',
  params: v.strictObject({ invoice_id: Id }),
  cost: 5,
  responses: { 200: InvoiceDownload },
  resources: { buckets: ['exports'] },
  handler: () => import('./handler.ts'),
})
