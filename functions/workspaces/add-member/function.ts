import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { WorkspaceMember, WorkspaceMemberDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/workspaces/{workspace_id}/members',
  access: 'workspace:manage',
  caller: 'person',
  summary: 'Give a member of the organization a place in a workspace',
  description: 'Up to the role that the caller has there; owners and admins of the organization act as its owners.',
  params: v.strictObject({ workspace_id: Id }),
  body: WorkspaceMemberDraft,
  responses: { 201: WorkspaceMember },
  idempotent: true,
  audit: 'workspace.member_added',
  handler: () => import('./handler.ts'),
})
