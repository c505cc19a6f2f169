import { removeWorkspaceMember } from '#shared/domain/tenancy/workspaces.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params }) => {
  await removeWorkspaceMember(sql, {
    orgId: principal.orgId,
    workspaceId: params.workspace_id,
    actorId: principal.userId,
    userId: params.user_id,
  })
  audit('workspace.member_removed', { targetId: params.workspace_id, details: { user_id: params.user_id } })
  return { status: 204, body: null }
}
