import { readPayment } from '#shared/domain/billing/payments/payments.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { params }) => ({
  status: 200,
  body: await readPayment(sql, principal.orgId, params.payment_id),
})
