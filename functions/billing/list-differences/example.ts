import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBillingDifference }) => {
  // Two, so that there is another page.
  await newBillingDifference()
  await newBillingDifference()
  return { query: { status: 'open' }, status: 200 }
}
