import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { WorkspaceMember } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/workspaces/{workspace_id}/members',
  access: 'intelligence:read',
  caller: 'person',
  summary: "List who has a place in a workspace; the organization's owners and admins may enter without one",
  params: v.strictObject({ workspace_id: Id }),
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(WorkspaceMember) },
  handler: () => import('./handler.ts'),
})
