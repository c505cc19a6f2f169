import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { ownerOfPayment, showRefund } from '#shared/domain/billing/payments/payments.ts'
import { lockPaymentOf } from '#shared/domain/billing/payments/rows.ts'
import { requestRefund } from '#shared/domain/billing/refunds/request.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import { notFound } from '#shared/domain/errors.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { params, body }) => {
  const { sql, principal, config } = context
  const orgId = await ownerOfPayment(sql, params.gateway_payment_id)
  await context.enter(orgId)
  const effects = await openBilling(context, orgId, billingSettings(config))
  const payment = await lockPaymentOf(sql, orgId, params.gateway_payment_id)
  if (!payment) throw notFound('Payment')
  const refund = await requestRefund(effects, payment, {
    purpose: payment.purpose === 'order' ? 'sale' : 'surplus',
    amountPaise: body.amount_paise ?? null,
    reason: body.reason,
    requestedBy: principal.userId,
  })
  return { status: 201, body: showRefund(refund) }
}
