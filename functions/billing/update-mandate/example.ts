import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newMandate }) => ({ subscription_id: (await newMandate()).id })
