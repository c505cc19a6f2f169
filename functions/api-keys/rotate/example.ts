import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newApiKey }) => ({
  params: { api_key_id: (await newApiKey()).id },
  body: { overlap_hours: 1 },
  status: 201,
})
