import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { advanceSubscription } from '#shared/domain/billing/dunning/advance.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async (context, { subscription_id }) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await advanceSubscription(effects, orgId, subscription_id)
}
