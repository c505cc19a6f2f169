import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ workspaceId }) => ({
  body: { email: `${crypto.randomUUID()}@example.org`, role: 'viewer', workspace_ids: [workspaceId] },
  status: 201,
})
