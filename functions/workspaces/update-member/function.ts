import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { WorkspaceMember, WorkspaceMemberChange } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/workspaces/{workspace_id}/members/{user_id}',
  access: 'workspace:manage',
  caller: 'person',
  summary: "Change a member's role in a workspace, up to the role that the caller has there",
  params: v.strictObject({ workspace_id: Id, user_id: Id }),
  body: WorkspaceMemberChange,
  responses: { 200: WorkspaceMember },
  ifMatch: true,
  audit: 'workspace.member_updated',
  handler: () => import('./handler.ts'),
})
