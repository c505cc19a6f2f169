import * as v from 'valibot'
import { Account, TaxTreatmentChange } from '#shared/domain/billing/accounts/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/operator/organizations/{organization_id}/tax-treatment',
  access: 'operator',
  summary: 'Grant an organization reverse charge or export without tax, whose proof was seen, or take it back',
  params: v.strictObject({ organization_id: Id }),
  body: TaxTreatmentChange,
  audit: 'billing_account.tax_treatment_set',
  responses: { 200: Account },
  handler: () => import('./handler.ts'),
})
