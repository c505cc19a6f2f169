import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Workspace, WorkspaceDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/workspaces/{workspace_id}',
  access: 'workspace:manage',
  caller: 'person',
  summary: 'Rename a workspace',
  params: v.strictObject({ workspace_id: Id }),
  body: WorkspaceDraft,
  responses: { 200: Workspace },
  ifMatch: true,
  audit: 'workspace.updated',
  handler: () => import('./handler.ts'),
})
