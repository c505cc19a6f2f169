import { followUp } from '#shared/domain/billing/reconciliation/follow-up.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { rematchEvents } from '#shared/domain/billing/webhooks/rematch.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async (context) => {
  const taken = { matched: await rematchEvents(context, billingSettings(context.config)), ...(await followUp(context)) }
  if (Object.values(taken).some((count) => count > 0)) context.log.warn('billing was followed up', taken)
}
