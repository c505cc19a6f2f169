import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newSubscription }) => {
  await newSubscription()
  return { status: 200 }
}
