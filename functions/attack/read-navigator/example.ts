import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ query: { maximum_tlp: 'RED' }, status: 200 })
