import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newOrder }) => {
  // Two, so that there is another page.
  await newOrder()
  await newOrder()
  return { status: 200 }
}
