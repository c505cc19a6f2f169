import { Credentials, Session } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/token',
  access: 'public',
  summary: 'Sign in with e-mail and password',
  body: Credentials,
  responses: { 200: Session },
  cost: 20,
  handler: () => import('./handler.ts'),
})
