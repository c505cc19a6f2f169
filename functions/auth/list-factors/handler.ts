import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { headers }) => {
  const factors = await context.identity.listFactors(accessTokenOf(headers))
  const data = factors.map(({ createdAt, ...factor }) => ({ ...factor, created_at: createdAt.toISOString() }))
  // Providers allow ten at most: always one page.
  return { status: 200, body: { data, meta: { next_cursor: null, has_more: false } } }
}
