import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ withoutSubscription }) => {
  await withoutSubscription()
  return { body: { plan_id: 'team', period: 'month', seats: 5 }, status: 201 }
}
