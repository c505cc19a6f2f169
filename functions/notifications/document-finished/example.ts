import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ documentAt }) => ({ ...(await documentAt('notify')), outcome: 'ready' })
