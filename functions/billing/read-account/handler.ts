import { readAccount } from '#shared/domain/billing/accounts/accounts.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config }) => ({
  status: 200,
  body: await readAccount(sql, principal.orgId, billingSettings(config).seller),
})
