import { Profile } from '#shared/domain/tenancy/profile.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/users/me',
  access: 'signed-in',
  summary: 'Read the signed-in user',
  responses: { 200: Profile },
  handler: () => import('./handler.ts'),
})
