import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newFlag }) => ({
  params: { flag_key: await newFlag() },
  body: { percentage: 50 },
  status: 200,
})
