import { toSession } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { body }) => ({
  status: 200,
  body: toSession(await context.identity.refresh(body.refresh_token)),
})
