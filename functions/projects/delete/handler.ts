import { deleteProject } from '#shared/domain/projects/projects.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => {
  await deleteProject(sql, params.project_id)
  return { status: 204, body: null }
}
