import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newPayment }) => ({
  payment_id: (await newPayment('authorized')).id,
})
