import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ workspaceId, newMember }) => ({
  params: { workspace_id: workspaceId },
  body: { user_id: (await newMember({ inWorkspace: false })).userId, role: 'member' },
  status: 201,
})
