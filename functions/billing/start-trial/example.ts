import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ withoutSubscription, withoutTrial }) => {
  await withoutSubscription()
  await withoutTrial()
  return { body: { plan_id: 'team' }, status: 201 }
}
