import * as v from 'valibot'
import { Contract, Entitlement } from '#shared/domain/billing/entitlements/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/operator/organizations/{organization_id}/entitlements',
  access: 'operator',
  summary: 'Give an organization what a contract says, whatever it pays for here',
  description:
    'As long as it holds no plan can be begun. What is bought afterwards takes the place of plan, seats and end; limits beyond the plan stay.',
  params: v.strictObject({ organization_id: Id }),
  body: Contract,
  audit: 'entitlement.set',
  responses: { 200: Entitlement },
  handler: () => import('./handler.ts'),
})
