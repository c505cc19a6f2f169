import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { Invitation } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/invitations',
  access: 'members:manage',
  caller: 'person',
  summary: 'List the invitations of the organization',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Invitation) },
  handler: () => import('./handler.ts'),
})
