import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newSubscription }) => {
  await newSubscription()
  return { query: { plan_id: 'business', period: 'month', seats: '20' }, status: 200 }
}
