import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Member, MemberChange } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/members/{user_id}',
  access: 'members:manage',
  caller: 'person',
  summary: "Change a member's role, suspend them, or let them in again",
  description:
    'Nobody makes or touches what is above themselves: only owners change owners. The last owner stays one. A suspended ' +
    'member, and one whose role allows less, feels it within five seconds.',
  params: v.strictObject({ user_id: Id }),
  body: MemberChange,
  responses: { 200: Member },
  ifMatch: true,
  audit: 'member.updated',
  handler: () => import('./handler.ts'),
})
