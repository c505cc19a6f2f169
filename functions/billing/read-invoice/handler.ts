import { readInvoice } from '#shared/domain/billing/invoices/read.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readInvoice(sql, params.invoice_id),
})
