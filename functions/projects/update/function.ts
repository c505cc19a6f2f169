import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Project, ProjectChange } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/projects/{project_id}',
  access: 'intelligence:write',
  summary: 'Rename or describe a project',
  params: v.strictObject({ project_id: Id }),
  body: ProjectChange,
  ifMatch: true,
  audit: 'project.updated',
  responses: { 200: Project },
  handler: () => import('./handler.ts'),
})
