import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newSubscription }) => ({ subscription_id: await newSubscription() })
