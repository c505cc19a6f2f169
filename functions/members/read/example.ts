import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ ownerId }) => ({ params: { user_id: ownerId }, status: 200 })
