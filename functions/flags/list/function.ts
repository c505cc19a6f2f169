import * as v from 'valibot'
import { Flag } from '#shared/domain/flags/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/flags',
  access: 'operator',
  summary: 'List the feature flags of this installation',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Flag) },
  handler: () => import('./handler.ts'),
})
