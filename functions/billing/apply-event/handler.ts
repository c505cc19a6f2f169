import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { newDifferences } from '#shared/domain/billing/differences.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { applyStoredEvent } from '#shared/domain/billing/webhooks/stored.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async (context, { event_id }) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  const status = await applyStoredEvent(effects, orgId, event_id)
  for (const difference of await newDifferences(context.sql, orgId)) context.log.error('billing differs', difference)
  if (status !== 'applied') context.log.warn('event of the gateway not applied', { eventId: event_id, status })
}
