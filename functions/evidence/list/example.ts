import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ indicatorId }) => ({ query: { indicator_id: indicatorId }, status: 200 })
