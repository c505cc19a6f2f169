import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvoice }) => {
  // Two, so that there is another page.
  await newInvoice()
  await newInvoice()
  return { status: 200 }
}
