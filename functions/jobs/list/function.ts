import * as v from 'valibot'
import { Job } from '#shared/domain/jobs/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/jobs',
  access: 'intelligence:read',
  summary: 'List jobs',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Job) },
  handler: () => import('./handler.ts'),
})
