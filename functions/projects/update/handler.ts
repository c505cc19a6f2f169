import { readProject, updateProject } from '#shared/domain/projects/projects.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params, body }) => ({
  status: 200,
  body: await updateProject(sql, params.project_id, body),
})

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readProject(sql, params.project_id, true)
