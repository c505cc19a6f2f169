import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newMandate, withoutSubscription }) => {
  const { gateway_subscription_id } = await newMandate()
  await withoutSubscription()
  return { gateway_subscription_id }
}
