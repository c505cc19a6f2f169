import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import {
  type MandateUpdate,
  recordUpdate,
  updateAtGateway,
  wantedOf,
} from '#shared/domain/billing/subscriptions/update-mandate.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** A mandate that was made by an attempt that crashed is authorized by nobody, since nobody was told of it. */
export const prepare: PrepareJob<typeof job, MandateUpdate | null> = async (context, { subscription_id }) => {
  const { principal, payments, commit, signal } = context
  const settings = billingSettings(context.config)
  const wanted = await commit((sql) =>
    wantedOf(sql, { orgId: principal.orgId, subscriptionId: subscription_id, settings }),
  )
  return wanted && updateAtGateway(payments, commit, wanted, signal)
}

export const run: RunJob<typeof job, MandateUpdate | null> = async (context, _payload, update) => {
  if (!update) return
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await recordUpdate(effects, orgId, update)
}
