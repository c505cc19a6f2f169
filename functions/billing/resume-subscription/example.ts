import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newSubscription }) => {
  await newSubscription('cancelled at the period’s end')
  return { status: 200 }
}
