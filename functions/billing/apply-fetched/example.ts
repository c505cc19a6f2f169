import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newPayment }) => ({
  kind: 'payment',
  gateway_id: (await newPayment()).gateway_payment_id,
})
