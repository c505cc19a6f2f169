import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ indicatorId }) => ({ query: { subject_id: indicatorId }, status: 200 })
