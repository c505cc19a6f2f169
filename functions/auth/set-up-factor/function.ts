import { FactorDraft, NewFactor } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/auth/mfa/setup',
  access: 'signed-in',
  summary: 'Set up a second factor',
  description:
    'Time-based codes of an authenticator app (RFC 6238). The secret is shown this once; the factor counts from the ' +
    'moment a code of it was verified. A further factor needs a session with `aal2`.',
  body: FactorDraft,
  responses: { 201: NewFactor },
  cost: 5,
  handler: () => import('./handler.ts'),
})
