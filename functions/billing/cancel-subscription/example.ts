import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newSubscription }) => {
  await newSubscription()
  return { body: { when: 'period-end' }, status: 200 }
}
