import { workspaceCreated } from '#shared/domain/tenancy/messages.ts'
import { Workspace, WorkspaceDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/workspaces',
  // Of the organization, not of a workspace: who manages one may not make others.
  access: 'organization:manage',
  caller: 'person',
  summary: 'Create a workspace',
  body: WorkspaceDraft,
  idempotent: true,
  audit: 'workspace.created',
  responses: { 201: Workspace },
  resources: { publishes: [workspaceCreated] },
  handler: () => import('./handler.ts'),
})
