import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: { name: 'Edge firewall', types: ['ipv4', 'domain'] },
  status: 201,
})
