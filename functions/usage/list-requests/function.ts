import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { requestFilter, UsageRequest, windowQuery } from '#shared/domain/usage/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/usage/requests',
  access: 'usage:read',
  summary: 'List the requests of the organization, the newest first',
  description: 'At most 92 days at once. A request is listed a few seconds after it was answered.',
  cost: 2,
  query: v.strictObject({ ...windowQuery, ...requestFilter, ...pageQuery }),
  responses: { 200: pageOf(UsageRequest) },
  handler: () => import('./handler.ts'),
})
