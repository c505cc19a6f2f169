import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Project } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/projects/{project_id}',
  access: 'intelligence:read',
  summary: 'Read a project',
  params: v.strictObject({ project_id: Id }),
  responses: { 200: Project },
  handler: () => import('./handler.ts'),
})
