import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { query, headers }) => {
  await context.identity.signOut(accessTokenOf(headers), query.scope)
  return { status: 204, body: null }
}
