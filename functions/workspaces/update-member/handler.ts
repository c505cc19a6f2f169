import { readWorkspace, readWorkspaceMember, updateWorkspaceMember } from '#shared/domain/tenancy/workspaces.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = async ({ sql }, { params }) => {
  // Whoever changes places locks the workspace first.
  await readWorkspace(sql, params.workspace_id, true)
  return readWorkspaceMember(sql, params.workspace_id, params.user_id)
}

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const by = {
    orgId: principal.orgId,
    workspaceId: params.workspace_id,
    actorId: principal.userId,
    userId: params.user_id,
  }
  const member = await updateWorkspaceMember(sql, by, body.role)
  audit('workspace.member_updated', {
    targetId: params.workspace_id,
    details: { user_id: member.id, role: member.role },
  })
  return { status: 200, body: member }
}
