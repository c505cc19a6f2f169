import { BooksCheck } from '#shared/domain/billing/ledger/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/billing/invariants',
  access: 'operator',
  summary: 'Look through the books of all organizations now',
  description:
    'Reads all payments, orders, invoices and ledger entries there are; it is done daily without being asked.',
  cost: 20,
  responses: { 200: BooksCheck },
  resources: { timeoutSeconds: 120 },
  handler: () => import('./handler.ts'),
})
