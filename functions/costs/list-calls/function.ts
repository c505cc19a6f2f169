import * as v from 'valibot'
import { callFilter, ModelCall } from '#shared/domain/costs/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { windowQuery } from '#shared/domain/usage/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/costs/calls',
  access: 'usage:read',
  summary: 'List the model calls of the workspace with what each cost, the newest first',
  description: 'At most 92 days at once. A call is listed when it has ended, where it began.',
  cost: 2,
  query: v.strictObject({ ...windowQuery, ...callFilter, ...pageQuery }),
  responses: { 200: pageOf(ModelCall) },
  handler: () => import('./handler.ts'),
})
