import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newSubscription }) => {
  await newSubscription()
  return { body: { plan_id: 'business', period: 'month', seats: 20, when: 'period-end' }, status: 200 }
}
