import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Member, MemberPermissions } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/members/{user_id}/permissions',
  access: 'members:manage',
  caller: 'person',
  summary: 'Give a member exactly these permissions beyond their role',
  description: 'Nobody can give what they have not got themselves, nor change their own.',
  params: v.strictObject({ user_id: Id }),
  body: MemberPermissions,
  responses: { 200: Member },
  ifMatch: true,
  audit: 'member.permissions_set',
  handler: () => import('./handler.ts'),
})
