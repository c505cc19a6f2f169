import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPayment }) => {
  // Two, so that there is another page.
  await newPayment()
  await newPayment()
  return { status: 200 }
}
