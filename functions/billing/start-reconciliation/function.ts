import { applyFetched, endMandate } from '#shared/domain/billing/messages.ts'
import { ReconciliationRequest, ReconciliationResult } from '#shared/domain/billing/reconciliation/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/operator/billing/reconciliation',
  access: 'operator',
  summary: 'Compare a window of time at the payment gateway with our rows now, as it is done each night',
  description:
    'What was not heard of is repaired within minutes by the tasks that webhooks use; what can’t be explained becomes a ' +
    'difference. Doing it again does no more.',
  body: ReconciliationRequest,
  cost: 20,
  responses: { 200: ReconciliationResult },
  resources: { timeoutSeconds: 600, enqueues: [applyFetched, endMandate] },
  handler: () => import('./handler.ts'),
})
