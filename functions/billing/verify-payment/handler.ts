import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { newDifferences } from '#shared/domain/billing/differences.ts'
import { readOrder, showOrder } from '#shared/domain/billing/orders/orders.ts'
import { assertCheckout, fetchCheckout } from '#shared/domain/billing/orders/verify.ts'
import { applyFetchedObject } from '#shared/domain/billing/payments/apply-fetched.ts'
import type { Fetched } from '#shared/domain/billing/payments/fetch.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, Fetched> = async (context, { params, body }) => {
  const { orgId } = context.principal
  const order = await context.read((sql) => readOrder(sql, orgId, params.order_id))
  assertCheckout(order, body, context.config.RAZORPAY_KEY_SECRET)
  return fetchCheckout(context, body)
}

export const run: RunRoute<typeof route, Fetched> = async (context, { params, body }, fetched) => {
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await applyFetchedObject(effects, orgId, fetched)
  for (const difference of await newDifferences(context.sql, orgId)) context.log.error('billing differs', difference)
  const order = await readOrder(context.sql, orgId, params.order_id)
  const details = { gateway_payment_id: body.razorpay_payment_id, status: order.status }
  context.audit('order.verified', { targetId: order.id, details })
  return { status: 200, body: showOrder(order, context.payments) }
}
