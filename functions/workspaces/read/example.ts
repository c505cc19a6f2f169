import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ workspaceId }) => ({ params: { workspace_id: workspaceId }, status: 200 })
