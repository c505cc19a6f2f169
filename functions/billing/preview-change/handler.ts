import { findAccount } from '#shared/domain/billing/accounts/accounts.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { previewChange } from '#shared/domain/billing/subscriptions/change.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, now }, { query }) => {
  const { orgId } = principal
  const account = await findAccount(sql, orgId)
  const changer = { orgId, account, settings: billingSettings(config), at: now }
  return { status: 200, body: await previewChange(sql, changer, query) }
}
