import { Credentials, SignUp } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/sign-up',
  access: 'public',
  summary: 'Sign up with e-mail and password',
  body: Credentials,
  responses: { 201: SignUp },
  cost: 20,
  handler: () => import('./handler.ts'),
})
