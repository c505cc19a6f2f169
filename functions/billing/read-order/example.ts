import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newOrder }) => ({
  params: { order_id: (await newOrder()).id },
  status: 200,
})
