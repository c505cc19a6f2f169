import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { cancelSubscription } from '#shared/domain/billing/subscriptions/end.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  const row = await cancelSubscription(effects, orgId, body.when)
  context.audit('subscription.cancelled', { targetId: row.id, details: { when: body.when, plan_id: row.plan_id } })
  return { status: 200, body: showSubscription(row) }
}
