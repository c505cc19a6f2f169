import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Colleague } from '#shared/domain/tenancy/profile.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/users/{user_id}',
  access: 'intelligence:read',
  caller: 'person',
  summary: 'Read a colleague of the organization',
  params: v.strictObject({ user_id: Id }),
  responses: { 200: Colleague },
  handler: () => import('./handler.ts'),
})
