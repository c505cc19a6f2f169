import * as v from 'valibot'
import { ApiKey } from '#shared/domain/api-keys/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/api-keys',
  access: 'keys:manage',
  caller: 'person',
  summary: 'List the API keys of the organization, without the keys themselves',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(ApiKey) },
  handler: () => import('./handler.ts'),
})
