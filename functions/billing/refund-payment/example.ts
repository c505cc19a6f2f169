import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPayment }) => ({
  params: { gateway_payment_id: (await newPayment('captured')).gateway_payment_id },
  body: { amount_paise: 10_000, reason: 'Goodwill for an outage' },
  status: 201,
})
