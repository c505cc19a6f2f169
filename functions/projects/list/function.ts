import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { Project } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/projects',
  access: 'intelligence:read',
  summary: 'List the projects of the workspace',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Project) },
  handler: () => import('./handler.ts'),
})
