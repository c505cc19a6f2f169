import * as v from 'valibot'
import { PaymentWithRefunds } from '#shared/domain/billing/payments/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/payments/{payment_id}',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read a payment and what was paid back of it',
  params: v.strictObject({ payment_id: Id }),
  responses: { 200: PaymentWithRefunds },
  handler: () => import('./handler.ts'),
})
