import { toSession } from '#shared/domain/tenancy/sessions.ts'
import type { PrepareRoute, ReplyOf, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

type Reply = ReplyOf<typeof route>

export const prepare: PrepareRoute<typeof route, Reply> = async (context, { body }) => ({
  status: 200,
  body: toSession(await context.identity.signIn(body)),
})

export const run: RunRoute<typeof route, Reply> = async (_context, _request, reply) => reply
