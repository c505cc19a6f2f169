import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { OrganizationDetail } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/organizations/{organization_id}',
  access: 'intelligence:read',
  caller: 'person',
  summary: 'Read an organization, with its settings and the role of the caller',
  params: v.strictObject({ organization_id: Id }),
  responses: { 200: OrganizationDetail },
  handler: () => import('./handler.ts'),
})
