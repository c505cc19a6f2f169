import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ orgId }) => ({ query: { organization_id: orgId }, status: 200 })
