import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ query: { kind: 'sigma' }, status: 200 })
