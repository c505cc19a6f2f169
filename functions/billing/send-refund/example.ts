import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newRefund }) => ({ refund_id: await newRefund() })
