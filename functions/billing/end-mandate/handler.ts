import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import type { SubscriptionSnapshot } from '#shared/domain/billing/gateway.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { applySubscription } from '#shared/domain/billing/subscriptions/apply.ts'
import { cancelMandate, isMandateWanted } from '#shared/domain/billing/subscriptions/end-mandate.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Ended = SubscriptionSnapshot | null

/** One that has ended is ended once more without effect. */
export const prepare: PrepareJob<typeof job, Ended> = async (context, { gateway_subscription_id: id }) => {
  const { principal, payments, signal } = context
  if (await context.read((sql) => isMandateWanted(sql, principal.orgId, id))) return null
  return cancelMandate(payments, id, signal)
}

export const run: RunJob<typeof job, Ended> = async (context, _payload, ended) => {
  if (!ended) return
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await applySubscription(effects, orgId, ended, context.now)
}
