import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import type { SubscriptionSnapshot } from '#shared/domain/billing/gateway.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { applySubscription } from '#shared/domain/billing/subscriptions/apply.ts'
import { mandateToPause, readSubscription } from '#shared/domain/billing/subscriptions/end.ts'
import { orConflict } from '#shared/domain/billing/subscriptions/refusals.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, SubscriptionSnapshot> = async (context) => {
  const { principal, payments, signal } = context
  const mandate = await context.read((sql) => mandateToPause(sql, principal.orgId))
  return orConflict(payments.pauseSubscription(mandate, signal), 'The mandate can’t be paused now')
}

export const run: RunRoute<typeof route, SubscriptionSnapshot> = async (context, _request, mandate) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await applySubscription(effects, orgId, mandate, context.now)
  const row = await readSubscription(context.sql, orgId)
  context.audit('subscription.paused', { targetId: row.id })
  return { status: 200, body: showSubscription(row) }
}
