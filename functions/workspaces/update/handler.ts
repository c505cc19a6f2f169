import { readWorkspace, renameWorkspace } from '#shared/domain/tenancy/workspaces.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) =>
  readWorkspace(sql, params.workspace_id, true)

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params, body }) => {
  const workspace = await renameWorkspace(sql, params.workspace_id, body.name)
  audit('workspace.updated', { targetId: workspace.id, details: { name: workspace.name } })
  return { status: 200, body: workspace }
}
