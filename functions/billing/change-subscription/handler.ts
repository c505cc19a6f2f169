import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { changeSubscription } from '#shared/domain/billing/subscriptions/change.ts'
import { showSubscription } from '#shared/domain/billing/subscriptions/schemas.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  return { status: 200, body: showSubscription(await changeSubscription(effects, orgId, body)) }
}
