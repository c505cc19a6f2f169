import { FactorParams } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/auth/mfa/{factor_id}',
  access: 'signed-in',
  summary: 'Remove a second factor',
  description: 'A verified one only from a session with `aal2`; sessions that it raised fall back to `aal1`.',
  params: FactorParams,
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
