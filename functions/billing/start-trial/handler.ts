import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import { startTrial } from '#shared/domain/billing/subscriptions/trial.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const { orgId, userId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  const row = await startTrial(effects, { orgId, planId: body.plan_id, createdBy: userId })
  const { id, plan_id, trial_ends_at } = row
  context.audit('trial.started', { targetId: id, details: { plan_id, trial_ends_at } })
  return { status: 201, body: showSubscription(row) }
}
