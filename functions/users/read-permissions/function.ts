import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { EffectivePermissions } from '#shared/domain/tenancy/profile.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/users/me/permissions',
  access: 'signed-in',
  summary: 'What the caller may do in each of their organizations and workspaces, and what waits for a second factor',
  query: v.strictObject({ organization_id: v.optional(Id) }),
  responses: { 200: EffectivePermissions },
  handler: () => import('./handler.ts'),
})
