import { setTaxTreatment } from '#shared/domain/billing/accounts/accounts.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, enter, config, audit }, { params, body }) => {
  const { organization_id: orgId } = params
  await enter(orgId)
  const account = await setTaxTreatment(sql, orgId, body.tax_treatment, billingSettings(config).seller)
  audit('billing_account.tax_treatment_set', { targetId: orgId, details: { tax_treatment: body.tax_treatment } })
  return { status: 200, body: account }
}
