import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { type AskedMandate, askMandate, keepMandate } from '#shared/domain/billing/subscriptions/create.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** Whatever happens before the commit, a mandate that nobody was told of is one that nobody authorizes. */
export const prepare: PrepareRoute<typeof route, AskedMandate> = (context, { body }) => {
  const { principal, payments, now, commit, signal } = context
  const buyer = { orgId: principal.orgId, settings: billingSettings(context.config), at: now }
  return askMandate({ payments, commit, signal }, buyer, body)
}

export const run: RunRoute<typeof route, AskedMandate> = async (context, { body }, asked) => {
  const { orgId, userId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  const row = await keepMandate(effects, { orgId, asked, createdBy: userId }, body)
  const { plan_id, period, seats } = body
  context.audit('subscription.created', { targetId: row.id, details: { plan_id, period, seats } })
  return { status: 201, body: showSubscription(row) }
}
