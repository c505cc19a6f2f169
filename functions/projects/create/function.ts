import { Project, ProjectDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/projects',
  access: 'intelligence:write',
  summary: 'Create a project',
  body: ProjectDraft,
  idempotent: true,
  audit: 'project.created',
  responses: { 201: Project },
  handler: () => import('./handler.ts'),
})
