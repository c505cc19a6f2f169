import * as v from 'valibot'
import { InvoiceSummary } from '#shared/domain/billing/invoices/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/invoices',
  access: 'billing:manage',
  caller: 'person',
  summary: 'List invoices and credit notes',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(InvoiceSummary) },
  handler: () => import('./handler.ts'),
})
