import { lockAccount } from '#shared/domain/billing/accounts/lock.ts'
import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import type { OrderSnapshot } from '#shared/domain/billing/gateway.ts'
import { type Offer, offerOrder, orderAtGateway, placeOrder } from '#shared/domain/billing/orders/create.ts'
import { showOrder } from '#shared/domain/billing/orders/orders.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

interface Prepared {
  offer: Offer
  atGateway: OrderSnapshot | null
}

export const prepare: PrepareRoute<typeof route, Prepared> = async (context, { body }) => {
  const { principal, config, now, payments, signal } = context
  const { orgId } = principal
  const settings = billingSettings(config)
  const offer = await context.commit(async (sql) => {
    const account = await lockAccount(sql, orgId)
    return offerOrder(sql, { orgId, account, settings, at: now }, body)
  })
  return { offer, atGateway: await orderAtGateway(payments, { orgId, offer }, signal) }
}

export const run: RunRoute<typeof route, Prepared> = async (context, _request, { offer, atGateway }) => {
  const { orgId, userId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  const order = await placeOrder(effects, { orgId, offer, atGateway, createdBy: userId })
  const { plan_id, period, seats, kind, total_paise } = order
  context.audit('order.created', { targetId: order.id, details: { plan_id, period, seats, kind, total_paise } })
  return { status: 201, body: showOrder(order, context.payments) }
}
