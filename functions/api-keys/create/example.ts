import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: { name: 'Edge firewall', scopes: ['intelligence:read'] },
  status: 201,
})
