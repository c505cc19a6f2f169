import * as v from 'valibot'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { Workspace } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/workspaces',
  access: 'intelligence:read',
  summary: 'List the workspaces that the caller may enter',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Workspace) },
  handler: () => import('./handler.ts'),
})
