import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvoice }) => {
  await newInvoice()
  return { status: 200 }
}
