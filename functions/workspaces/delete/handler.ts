import { eraseWorkspace } from '#shared/domain/erasure/messages.ts'
import { startWorkspaceErasure } from '#shared/domain/erasure/workspaces.ts'
import { assertMayDelete } from '#shared/domain/tenancy/workspaces.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enqueue, audit }, { params, query }) => {
  const { workspace_id: workspaceId } = params
  await assertMayDelete(sql, principal, workspaceId, query.confirm)
  const job = await startWorkspaceErasure(sql, {
    orgId: principal.orgId,
    workspaceId,
    startedBy: principal.userId,
  })
  await enqueue(eraseWorkspace, { workspace_id: workspaceId, job_id: job.id })
  audit('workspace.deleted', { targetId: workspaceId, details: { name: query.confirm, job_id: job.id } })
  return { status: 202, body: job, headers: { location: `/v1/jobs/${job.id}` } }
}
