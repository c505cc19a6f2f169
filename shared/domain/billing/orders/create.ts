import { AppError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import type { BillingAccount } from '../accounts/lock.ts'
import { assertNamed } from '../accounts/named.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import type { OrderSnapshot, PaymentGateway } from '../gateway.ts'
import { formatRupees } from '../money.ts'
import { isSameOffer, type Quote, quote } from '../quotes/quote.ts'
import { beginByOrder } from '../subscriptions/begin-by-order.ts'
import { fulfilOrder } from './fulfil.ts'
import { insertOrder, receiptOf } from './insert.ts'
import { readOrder } from './orders.ts'
import type { OrderRow } from './rows.ts'
import type { OrderDraft } from './schemas.ts'

/** What an order would be. */
export interface Offer {
  /** Of the order. */
  id: string
  draft: OrderDraft
  quote: Quote
}

interface Buyer {
  orgId: string
  account: BillingAccount
  settings: BillingSettings
  at: Date
}

/** The gateway takes no less. */
const leastPaise = 100

/**
 * What buying this costs now.
 * @throws AppError as `quote` does; CONFLICT for an organization that is being deleted, for less than can be paid, or for so
 *   much that its invoice has to name a customer who hasn't said who it is
 */
export async function offerOrder(sql: Sql, buyer: Buyer, draft: OrderDraft): Promise<Offer> {
  if (buyer.account.closed_at !== null) throw new AppError('CONFLICT', 'The organization is being deleted')
  const offered = await quote(sql, { ...buyer, ...wishOf(draft) })
  assertNamed(buyer.account, buyer.settings.seller, offered.net_paise)
  if (offered.due_paise > 0 && offered.due_paise < leastPaise) {
    throw new AppError('CONFLICT', `Less than ${formatRupees(leastPaise)} can’t be paid`)
  }
  return { id: newId(), draft, quote: offered }
}

/**
 * Makes the gateway's order of what is to be paid; null when that is nothing.
 * @throws PlatformError UNAVAILABLE
 */
export function orderAtGateway(
  gateway: PaymentGateway,
  { orgId, offer }: { orgId: string; offer: Offer },
  signal: AbortSignal,
): Promise<OrderSnapshot | null> {
  const { due_paise: amountPaise } = offer.quote
  if (amountPaise === 0) return Promise.resolve(null)
  const notes = { order_id: offer.id, organization_id: orgId }
  return gateway.createOrder({ amountPaise, receipt: receiptOf(offer.id), notes }, signal)
}

/**
 * Writes the order, if what was offered still holds; one that costs nothing is fulfilled at once. The caller holds the lock
 * of the account.
 * @throws AppError CONFLICT when it costs something else by now, or the gateway has made another order than it was asked for
 */
export async function placeOrder(
  effects: BillingEffects,
  of: {
    orgId: string
    offer: Offer
    atGateway: OrderSnapshot | null
    createdBy: string | null
  },
): Promise<OrderRow> {
  const { sql, settings, account, now } = effects
  const { orgId, offer, atGateway, createdBy } = of
  const { id, draft } = offer
  const held = await offerOrder(sql, { orgId, account, settings, at: now }, draft)
  if (!isSameOffer(held.quote, offer.quote)) {
    throw new AppError('CONFLICT', 'What this costs has changed meanwhile; order it again')
  }
  if (atGateway && (atGateway.amountPaise !== held.quote.due_paise || atGateway.currency !== 'INR')) {
    throw new AppError('CONFLICT', 'The gateway has made another order than it was asked for; order it again')
  }
  const { subscriptionId, kind, periodStart, periodEnd } = await beginByOrder(effects, {
    orgId,
    orderId: id,
    quote: held.quote,
    createdBy,
  })
  const order = await insertOrder(effects, {
    ...held.quote,
    id,
    org_id: orgId,
    subscription_id: subscriptionId,
    kind,
    collection: 'checkout',
    period_start: periodStart,
    period_end: periodEnd,
    gateway_order_id: atGateway?.id ?? null,
    created_by: createdBy,
  })
  if (!order) throw new Error('an order without a cycle is in the way of none')
  if (held.quote.due_paise > 0) return order
  await fulfilOrder(effects, id, null)
  return readOrder(sql, orgId, id)
}

function wishOf({ plan_id, period, seats, coupon_code }: OrderDraft) {
  return { planId: plan_id, period, seats, couponCode: coupon_code ?? null }
}
