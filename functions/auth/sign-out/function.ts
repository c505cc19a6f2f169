import { SignOutQuery } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/logout',
  access: 'signed-in',
  summary: 'End sessions',
  description: 'What has ended can no longer be refreshed. Access tokens that are out stay good until they expire.',
  query: SignOutQuery,
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
