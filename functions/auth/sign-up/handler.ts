import { toSession } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { body }) => {
  const { account, session } = await context.identity.signUp(body)
  return { status: 201, body: { email: account.email, session: session && toSession(session) } }
}
