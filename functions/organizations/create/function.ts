import { workspaceCreated } from '#shared/domain/tenancy/messages.ts'
import { Organization, OrganizationDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/organizations',
  access: 'signed-in',
  summary: 'Create an organization, with a first workspace, that the caller owns',
  body: OrganizationDraft,
  idempotent: true,
  audit: 'organization.created',
  responses: { 201: Organization },
  resources: { publishes: [workspaceCreated] },
  handler: () => import('./handler.ts'),
})
