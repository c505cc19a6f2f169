import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { OrganizationChange, OrganizationDetail } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/organizations/{organization_id}',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Rename an organization or change its settings; what is not named stays',
  params: v.strictObject({ organization_id: Id }),
  body: OrganizationChange,
  responses: { 200: OrganizationDetail },
  ifMatch: true,
  audit: 'organization.updated',
  handler: () => import('./handler.ts'),
})
