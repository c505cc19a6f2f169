import { addWorkspaceMember } from '#shared/domain/tenancy/workspaces.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const by = {
    orgId: principal.orgId,
    workspaceId: params.workspace_id,
    actorId: principal.userId,
    userId: body.user_id,
  }
  const member = await addWorkspaceMember(sql, by, body.role)
  audit('workspace.member_added', { targetId: params.workspace_id, details: { user_id: member.id, role: member.role } })
  return { status: 201, body: member }
}
