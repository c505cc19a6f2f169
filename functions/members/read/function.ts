import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Member } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/members/{user_id}',
  access: 'intelligence:read',
  caller: 'person',
  summary: 'Read a member of the organization',
  params: v.strictObject({ user_id: Id }),
  responses: { 200: Member },
  handler: () => import('./handler.ts'),
})
