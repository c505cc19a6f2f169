import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/members/{user_id}',
  access: 'members:manage',
  caller: 'person',
  summary: 'Remove a member; what they made stays, and so do the API keys that they made',
  params: v.strictObject({ user_id: Id }),
  responses: { 204: null },
  audit: 'member.removed',
  handler: () => import('./handler.ts'),
})
