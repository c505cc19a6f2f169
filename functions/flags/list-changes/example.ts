import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newFlag }) => ({
  params: { flag_key: await newFlag() },
  status: 200,
})
