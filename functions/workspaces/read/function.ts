import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Workspace } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/workspaces/{workspace_id}',
  access: 'intelligence:read',
  summary: 'Read a workspace',
  params: v.strictObject({ workspace_id: Id }),
  responses: { 200: Workspace },
  handler: () => import('./handler.ts'),
})
