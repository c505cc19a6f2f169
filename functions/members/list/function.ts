import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { Member } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/members',
  access: 'intelligence:read',
  caller: 'person',
  summary: 'List the members of the organization',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Member) },
  handler: () => import('./handler.ts'),
})
