import { OAuthStart, OAuthStarted } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/oauth/start',
  access: 'public',
  summary: 'Start a sign-in through a provider',
  description: 'The authorization code flow with PKCE: send the browser to `url`, and keep `flow` for the callback.',
  body: OAuthStart,
  responses: { 200: OAuthStarted },
  cost: 10,
  handler: () => import('./handler.ts'),
})
