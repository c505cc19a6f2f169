import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newSubscription }) => ({
  template: 'renewal-due',
  subscription_id: await newSubscription(),
  occasion: '2027-02-28T04:30:00.000Z/before-7',
})
