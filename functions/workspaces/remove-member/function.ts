import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/workspaces/{workspace_id}/members/{user_id}',
  access: 'workspace:manage',
  caller: 'person',
  summary: "Take a member's place in a workspace back",
  params: v.strictObject({ workspace_id: Id, user_id: Id }),
  responses: { 204: null },
  audit: 'workspace.member_removed',
  handler: () => import('./handler.ts'),
})
