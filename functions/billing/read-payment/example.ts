import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPayment }) => ({
  params: { payment_id: (await newPayment()).id },
  status: 200,
})
