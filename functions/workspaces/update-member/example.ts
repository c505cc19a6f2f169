import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ workspaceId, newMember }) => ({
  params: { workspace_id: workspaceId, user_id: (await newMember()).userId },
  body: { role: 'admin' },
  status: 200,
})
