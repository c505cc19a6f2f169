import { endMandate, sendBillingMail } from '#shared/domain/billing/messages.ts'
import { Subscription, TrialDraft } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription/trial',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Try a plan without paying, once for each organization; it ends by itself',
  body: TrialDraft,
  idempotent: true,
  audit: 'trial.started',
  responses: { 201: Subscription },
  resources: { enqueues: [endMandate, sendBillingMail] },
  handler: () => import('./handler.ts'),
})
