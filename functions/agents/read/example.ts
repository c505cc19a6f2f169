import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ params: { agent: 'strategos' }, status: 200 })
