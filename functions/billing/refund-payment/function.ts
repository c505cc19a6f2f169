import * as v from 'valibot'
import { billingFollowUps } from '#shared/domain/billing/messages.ts'
import { GatewayId, Refund, RefundDraft } from '#shared/domain/billing/payments/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/operator/payments/{gateway_payment_id}/refunds',
  access: 'operator',
  summary: 'Pay a payment back, wholly or in part',
  description:
    'The gateway is asked after the answer. When it has paid back what bought something, a credit note is issued. What was bought stays usable; take that back apart.',
  params: v.strictObject({ gateway_payment_id: GatewayId }),
  body: RefundDraft,
  idempotent: true,
  audit: 'refund.requested',
  responses: { 201: Refund },
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
