import { readLockedAccount, updateAccount } from '#shared/domain/billing/accounts/accounts.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, audit }, { body }) => {
  const account = await updateAccount(sql, principal.orgId, body, billingSettings(config).seller)
  const { country, state_code, gstin, tax_treatment } = account
  audit('billing_account.updated', {
    targetId: principal.orgId,
    details: { country, state_code, gstin, tax_treatment },
  })
  return { status: 200, body: account }
}

export const current: CurrentRoute<typeof route> = ({ sql, principal, config }) =>
  readLockedAccount(sql, principal.orgId, billingSettings(config).seller)
