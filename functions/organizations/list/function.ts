import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { Organization } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/organizations',
  access: 'signed-in',
  summary: 'List the organizations of the caller',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Organization) },
  handler: () => import('./handler.ts'),
})
