import { FactorProof, Session } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/mfa/verify',
  access: 'signed-in',
  summary: 'Show a second factor',
  description:
    'Takes a code, which is good once, and answers with this session at `aal2`, under new tokens. Sessions of yours ' +
    'that have not shown a factor end.',
  body: FactorProof,
  responses: { 200: Session },
  cost: 20,
  handler: () => import('./handler.ts'),
})
