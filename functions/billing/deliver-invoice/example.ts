import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newInvoice }) => ({ invoice_id: await newInvoice() })
