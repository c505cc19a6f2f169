import { readSubscription } from '#shared/domain/billing/subscriptions/end.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }) => ({
  status: 200,
  body: showSubscription(await readSubscription(sql, principal.orgId)),
})
