import { newId } from '../../ids.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { PaymentSnapshot } from '../gateway.ts'
import { postTransaction } from '../ledger/post.ts'
import { capturePosting, feePosting } from '../ledger/postings.ts'
import { capturePayment } from '../messages.ts'
import { findOrderOf, lockOrder, type OrderRow } from '../orders/rows.ts'
import { lockPaymentOf, type PaymentRow, paymentColumns } from './rows.ts'
import { settlePayment } from './settle.ts'
import { mergePayment, type PaymentState } from './state.ts'

/** A charge of a mandate, as far as the news of its payment tell. */
export interface Charge {
  gatewaySubscriptionId: string
  billingStart: Date | null
  billingEnd: Date | null
}

/** So long the gateway has to capture by itself what was authorized, before it is asked to. */
const captureDelayMilliseconds = 120_000

/**
 * Takes in what the gateway shows of a payment, however often and in whatever order: its row, its place in the books, and
 * what it pays for. The caller holds the lock of the account.
 * @param charge where it is known to be one of a mandate of the organization
 * @returns null when it is of no order and no mandate of the organization, or is nothing that can be booked
 */
export async function applyPayment(
  effects: BillingEffects,
  orgId: string,
  news: PaymentSnapshot,
  charge: Charge | null = null,
): Promise<PaymentRow | null> {
  const { sql } = effects
  const known = await lockPaymentOf(sql, orgId, news.id)
  const orderId = known?.order_id ?? null
  const order = orderId
    ? await lockOrder(sql, orderId)
    : news.orderId
      ? await findOrderOf(sql, orgId, news.orderId)
      : null
  if (!known && !order && !charge) return null
  if (await isRefused(effects, orgId, known, news)) return known
  const state = mergePayment(known, news)
  const payment = known
    ? await updatePayment(effects, known, state, order)
    : await insertPayment(effects, { orgId, news, state, order })
  await book(effects, known, payment, news)
  if (order) await noteAttempt(effects, order, payment)
  if (payment.status === 'authorized' && known?.status !== 'authorized') {
    const notBefore = new Date(effects.now.getTime() + captureDelayMilliseconds)
    await effects.enqueue(capturePayment, { payment_id: payment.id }, { notBefore })
  }
  if (payment.captured_at === null || payment.purpose !== null) return payment
  return settlePayment(effects, payment, order, charge && { ...charge, payment: news })
}

/** What can't be, or can't be booked, is noted and changes nothing. */
async function isRefused(
  { sql }: BillingEffects,
  orgId: string,
  known: PaymentRow | null,
  news: PaymentSnapshot,
): Promise<boolean> {
  const found = { currency: news.currency, amount: news.amountPaise }
  if (news.currency !== 'INR') {
    await noteDifference(sql, { orgId, kind: 'currency-differs', subject: news.id, expected: 'INR', found })
    return true
  }
  if (known && known.amount_paise !== news.amountPaise) {
    await noteDifference(sql, {
      orgId,
      kind: 'payment-amount-differs',
      subject: news.id,
      expected: known.amount_paise,
      found: news.amountPaise,
      amountPaise: news.amountPaise - known.amount_paise,
    })
    return true
  }
  if (news.amountPaise === 0) return true
  if (known?.gateway_order_id && news.orderId && known.gateway_order_id !== news.orderId) {
    const difference = { orgId, kind: 'payment-order-differs', subject: news.id }
    await noteDifference(sql, { ...difference, expected: known.gateway_order_id, found: news.orderId })
    return true
  }
  return false
}

async function insertPayment(
  { sql, now }: BillingEffects,
  of: { orgId: string; news: PaymentSnapshot; state: PaymentState; order: OrderRow | null },
): Promise<PaymentRow> {
  const { orgId, news, state, order } = of
  const [payment] = await sql<PaymentRow[]>`
    insert into payments ${sql({
      id: newId(),
      org_id: orgId,
      order_id: order?.id ?? null,
      subscription_id: order?.subscription_id ?? null,
      gateway_payment_id: news.id,
      amount_paise: news.amountPaise,
      created_at: news.createdAt,
      updated_at: now,
      ...state,
    })}
    returning ${sql(paymentColumns)}`
  if (!payment) throw new Error('a payment was written into another scope')
  return payment
}

async function updatePayment(
  { sql, now }: BillingEffects,
  known: PaymentRow,
  state: PaymentState,
  order: OrderRow | null,
): Promise<PaymentRow> {
  const changed = { ...state, order_id: known.order_id ?? order?.id ?? null }
  if (Object.entries(changed).every(([name, value]) => known[name as keyof PaymentRow] === value)) return known
  const [payment] = await sql<PaymentRow[]>`
    update payments set ${sql({ ...changed, updated_at: now })} where id = ${known.id}
    returning ${sql(paymentColumns)}`
  if (!payment) throw new Error('a payment is in another scope')
  return payment
}

/** The capture is booked once, and the fee once, as soon as it is known. */
async function book(
  { sql, audit }: BillingEffects,
  known: PaymentRow | null,
  payment: PaymentRow,
  news: PaymentSnapshot,
): Promise<void> {
  if (payment.captured_at === null) return
  const { org_id: orgId, gateway_payment_id: gatewayPaymentId, fee_paise: feePaise } = payment
  const capturedAt = new Date(payment.captured_at)
  const isNew = known === null || known.captured_at === null
  if (isNew) {
    await postTransaction(
      sql,
      capturePosting({ orgId, gatewayPaymentId, amountPaise: payment.amount_paise, capturedAt }),
    )
    const details = { gateway_payment_id: gatewayPaymentId, amount_paise: payment.amount_paise }
    audit('payment.captured', { targetId: payment.id, details })
  }
  if (feePaise !== null && (isNew || known.fee_paise === null)) {
    const feeTaxPaise = payment.fee_tax_paise ?? 0
    await postTransaction(sql, feePosting({ orgId, gatewayPaymentId, feePaise, feeTaxPaise, at: capturedAt }))
  }
  if (feePaise !== null && news.feePaise !== null && news.feePaise !== feePaise) {
    const amountPaise = news.feePaise - feePaise
    const difference = { orgId, kind: 'fee-differs', subject: gatewayPaymentId, expected: feePaise, amountPaise }
    await noteDifference(sql, { ...difference, found: news.feePaise })
  }
}

/** Somebody has tried to pay; that it is paid is said by its fulfilment alone. */
async function noteAttempt({ sql, now }: BillingEffects, order: OrderRow, payment: PaymentRow): Promise<void> {
  if (order.status !== 'created' || payment.status === 'created') return
  await sql`update orders set status = 'attempted', updated_at = ${now} where id = ${order.id} and status = 'created'`
}
