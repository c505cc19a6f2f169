import { BillingStatus } from '#shared/domain/billing/ledger/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/billing',
  access: 'operator',
  summary:
    'Read how billing is: balances, differences, what waits, and what held when the books were last looked through',
  cost: 5,
  responses: { 200: BillingStatus },
  handler: () => import('./handler.ts'),
})
