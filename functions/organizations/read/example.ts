import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ orgId }) => ({ params: { organization_id: orgId }, status: 200 })
