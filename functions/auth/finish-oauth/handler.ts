import { AppError } from '#shared/domain/errors.ts'
import { oauthFlow, toSession } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ identity, sealer, now }, { body }) => {
  const verifier = sealer(oauthFlow.purpose).open(body.flow, now)
  if (!verifier) {
    throw new AppError('VALIDATION_ERROR', 'This sign-in has expired or never was, start again', [
      { field: 'body.flow', message: 'is not a sign-in under way' },
    ])
  }
  return { status: 200, body: toSession(await identity.exchangeCode(body.code, new TextDecoder().decode(verifier))) }
}
