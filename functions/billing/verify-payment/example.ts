import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newTriedOrder }) => {
  const { id, checkout } = await newTriedOrder()
  return { params: { order_id: id }, body: checkout, status: 200 }
}
