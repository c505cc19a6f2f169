import { accessTokenOf, toSession } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { body, headers }) => {
  const session = await context.identity.verifyTotp(accessTokenOf(headers), body.factor_id, body.code)
  return { status: 200, body: toSession(session) }
}
