import * as v from 'valibot'
import { Invoice } from '#shared/domain/billing/invoices/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/invoices/{invoice_id}',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read an invoice or credit note with all that it says',
  params: v.strictObject({ invoice_id: Id }),
  responses: { 200: Invoice },
  handler: () => import('./handler.ts'),
})
