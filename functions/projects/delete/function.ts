import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/projects/{project_id}',
  access: 'projects:delete',
  summary: 'Delete a project; its documents stay in the workspace',
  params: v.strictObject({ project_id: Id }),
  audit: 'project.deleted',
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
