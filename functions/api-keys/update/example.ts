import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newApiKey }) => ({
  params: { api_key_id: (await newApiKey()).id },
  body: { name: 'Core firewall' },
  status: 200,
})
