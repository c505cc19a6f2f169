import { toSession } from '#shared/domain/tenancy/sessions.ts'
import type { PrepareRoute, ReplyOf, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

type Reply = ReplyOf<typeof route>

export const prepare: PrepareRoute<typeof route, Reply> = async (context, { body }) => {
  const { account, session } = await context.identity.signUp(body)
  return { status: 201, body: { email: account.email, session: session && toSession(session) } }
}

export const run: RunRoute<typeof route, Reply> = async (_context, _request, reply) => reply
