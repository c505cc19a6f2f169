import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ body: { limit_microdollars: 40_000_000 }, status: 200 })
