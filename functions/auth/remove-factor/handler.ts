import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { params, headers }) => {
  await context.identity.unenrol(accessTokenOf(headers), params.factor_id)
  return { status: 204, body: null }
}
