import { deliverInvoice, sendBillingMail, updateMandate } from '#shared/domain/billing/messages.ts'
import { Subscription, TermsChange } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/billing/subscription/changes',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Change plan, period or seats: at the end of the period, or at once where that costs no more',
  description:
    'At once, what was paid too much becomes a credit note and pays a part of the next order. What costs more at once is ordered by POST /v1/billing/orders. To what it is already: a change that was to come is taken back.',
  body: TermsChange,
  idempotent: true,
  audit: 'subscription.changed',
  responses: { 200: Subscription },
  resources: { enqueues: [deliverInvoice, updateMandate, sendBillingMail] },
  handler: () => import('./handler.ts'),
})
