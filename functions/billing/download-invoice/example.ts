import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvoice }) => ({
  params: { invoice_id: await newInvoice() },
  status: 200,
})
