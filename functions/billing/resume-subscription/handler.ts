import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import type { SubscriptionSnapshot } from '#shared/domain/billing/gateway.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { applySubscription } from '#shared/domain/billing/subscriptions/apply.ts'
import { pausedMandate, readSubscription, resumeSubscription } from '#shared/domain/billing/subscriptions/end.ts'
import { orConflict } from '#shared/domain/billing/subscriptions/refusals.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

type Resumed = SubscriptionSnapshot | null

export const prepare: PrepareRoute<typeof route, Resumed> = async (context) => {
  const { principal, payments, signal } = context
  const mandate = await context.read((sql) => pausedMandate(sql, principal.orgId))
  if (mandate === null) return null
  return orConflict(payments.resumeSubscription(mandate, signal), 'The mandate can’t be resumed now')
}

export const run: RunRoute<typeof route, Resumed> = async (context, _request, mandate) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  if (mandate) await applySubscription(effects, orgId, mandate, context.now)
  else await resumeSubscription(effects, orgId)
  const row = await readSubscription(context.sql, orgId)
  context.audit('subscription.resumed', { targetId: row.id })
  return { status: 200, body: showSubscription(row) }
}
