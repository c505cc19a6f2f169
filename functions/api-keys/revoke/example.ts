import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newApiKey }) => ({
  params: { api_key_id: (await newApiKey()).id },
  status: 204,
})
