import { readProject, updateProject } from '#shared/domain/projects/projects.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params, body }) => {
  const project = await updateProject(sql, params.project_id, body)
  audit('project.updated', { targetId: project.id, details: { name: project.name, fields: Object.keys(body) } })
  return { status: 200, body: project }
}

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readProject(sql, params.project_id, true)
