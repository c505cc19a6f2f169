import { OAuthCallback, Session } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/oauth/callback',
  access: 'public',
  summary: 'Finish a sign-in through a provider',
  description:
    'Takes the code that the browser came back with, once, and the `flow` that the sign-in was started with.',
  body: OAuthCallback,
  responses: { 200: Session },
  cost: 10,
  handler: () => import('./handler.ts'),
})
