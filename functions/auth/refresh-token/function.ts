import { RefreshToken, Session } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/refresh',
  access: 'public',
  summary: 'Exchange a refresh token for a new session',
  description: 'A refresh token is good once. Using it again later ends its session, for then someone has stolen it.',
  body: RefreshToken,
  responses: { 200: Session },
  cost: 5,
  handler: () => import('./handler.ts'),
})
