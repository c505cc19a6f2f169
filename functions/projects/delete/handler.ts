import { deleteProject } from '#shared/domain/projects/projects.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params }) => {
  const name = await deleteProject(sql, params.project_id)
  audit('project.deleted', { targetId: params.project_id, details: { name } })
  return { status: 204, body: null }
}
