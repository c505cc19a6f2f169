import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBillingDifference }) => ({
  params: { difference_id: await newBillingDifference() },
  body: { resolution: 'Paid by bank transfer; refunded at the dashboard' },
  status: 200,
})
