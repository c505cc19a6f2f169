import { newId } from '../../ids.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { RefundSnapshot } from '../gateway.ts'
import { creditInvoice } from '../invoices/credit.ts'
import { postTransaction } from '../ledger/post.ts'
import { refundPosting } from '../ledger/postings.ts'
import { lockPaymentOf, type PaymentRow } from '../payments/rows.ts'
import { refundStatus } from '../payments/state.ts'
import { refundRank } from '../ranks.ts'
import { creditableInvoice, type RefundRow, refundColumns } from './rows.ts'

/**
 * Takes in what the gateway shows of a refund, however often and in whatever order. One that somebody made at its
 * dashboard is adopted. When it is processed it is booked, with a credit note where a sale is taken back. The caller holds
 * the lock of the account.
 * @returns false when its payment isn't known to be captured here (yet): it is to be applied again later
 */
export async function applyRefund(effects: BillingEffects, orgId: string, news: RefundSnapshot): Promise<boolean> {
  const { sql, now } = effects
  const payment = await lockPaymentOf(sql, orgId, news.paymentId)
  if (!payment) return false
  // Given back without having been taken: there is nothing in the books of it.
  if (payment.captured_at === null) return payment.status === 'refunded'
  if (news.currency !== 'INR') {
    const found = { currency: news.currency, amount: news.amountPaise }
    await noteDifference(sql, { orgId, kind: 'currency-differs', subject: news.id, expected: 'INR', found })
    return true
  }
  const refund = (await findOurs(effects, payment, news)) ?? (await adopt(effects, payment, news))
  if (!refund) return true
  if (refund.amount_paise !== news.amountPaise) {
    const difference = { orgId, kind: 'refund-amount-differs', subject: news.id, found: news.amountPaise }
    const amountPaise = news.amountPaise - refund.amount_paise
    await noteDifference(sql, { ...difference, expected: refund.amount_paise, amountPaise })
    return true
  }
  // One that it seemed to have refused is what it tells now.
  const known = refund.gateway_refund_id === null ? 'requested' : refund.status
  if (refundRank[news.status] <= refundRank[known]) return true
  const { status } = news
  if (status === 'processed' && !(await fits(effects, payment, refund, news))) return true
  await sql`
    update refunds set status = ${status}, gateway_refund_id = ${news.id}, updated_at = ${now},
      processed_at = ${status === 'processed' ? news.createdAt : null}
    where id = ${refund.id}`
  if (refund.status === 'failed') await resolveFailure(effects, refund, news)
  if (status === 'processed') await process(effects, payment, refund, news)
  if (status === 'failed') await noteFailure(effects, refund, news)
  return true
}

/** The row of this refund: by the gateway's id, or by ours, which it bears as a note. */
async function findOurs(
  { sql }: BillingEffects,
  payment: PaymentRow,
  news: RefundSnapshot,
): Promise<RefundRow | undefined> {
  const [known] = await sql<RefundRow[]>`
    select ${sql(refundColumns)} from refunds
    where payment_id = ${payment.id} and gateway_refund_id = ${news.id} for no key update`
  if (known || news.ourId === null) return known
  // A note can say anything: only a refund of this payment that was asked for and not answered yet is meant.
  const [asked] = await sql<RefundRow[]>`
    select ${sql(refundColumns)} from refunds
    where id = ${news.ourId} and payment_id = ${payment.id} and gateway_refund_id is null for no key update`
  return asked
}

async function adopt(
  { sql, now, audit }: BillingEffects,
  payment: PaymentRow,
  news: RefundSnapshot,
): Promise<RefundRow | undefined> {
  if (news.amountPaise === 0) return undefined
  const purpose = payment.purpose === 'order' ? 'sale' : 'surplus'
  const [refund] = await sql<RefundRow[]>`
    insert into refunds (id, org_id, payment_id, gateway_refund_id, amount_paise, status, purpose, reason, created_at,
      updated_at)
    values (${newId()}, ${payment.org_id}, ${payment.id}, ${news.id}, ${news.amountPaise}, 'requested', ${purpose},
      'Paid back at the gateway', ${news.createdAt}, ${now})
    returning ${sql(refundColumns)}`
  const details = { gateway_refund_id: news.id, amount_paise: news.amountPaise, purpose }
  audit('refund.adopted', { targetId: refund?.id ?? null, details })
  return refund
}

/** More than was taken can't have been paid back. */
async function fits(
  { sql }: BillingEffects,
  payment: PaymentRow,
  refund: RefundRow,
  news: RefundSnapshot,
): Promise<boolean> {
  const left = payment.amount_paise - (await processedOf(sql, payment.id))
  if (refund.amount_paise <= left) return true
  const difference = { orgId: payment.org_id, kind: 'refund-exceeds-payment', subject: news.id, expected: left }
  await noteDifference(sql, { ...difference, found: news.amountPaise, amountPaise: news.amountPaise - left })
  return false
}

async function processedOf(sql: BillingEffects['sql'], paymentId: string): Promise<number> {
  const [sum] = await sql<{ paise: number }[]>`
    select coalesce(sum(amount_paise), 0)::bigint as paise from refunds
    where payment_id = ${paymentId} and status = 'processed'`
  return sum?.paise ?? 0
}

/** Books what left, and takes the sale back as far as its invoice goes. */
async function process(
  effects: BillingEffects,
  payment: PaymentRow,
  refund: RefundRow,
  news: RefundSnapshot,
): Promise<void> {
  const { sql, now, audit } = effects
  const { org_id: orgId, amount_paise: amountPaise } = refund
  const refunded = await processedOf(sql, payment.id)
  await sql`
    update payments
    set refunded_paise = ${refunded}, status = ${refundStatus(refunded, payment.amount_paise)}, updated_at = ${now}
    where id = ${payment.id}`
  await postTransaction(sql, refundPosting({ orgId, gatewayRefundId: news.id, amountPaise, at: news.createdAt }))
  const details = { gateway_refund_id: news.id, amount_paise: amountPaise, purpose: refund.purpose }
  audit('refund.processed', { targetId: refund.id, details })
  if (refund.purpose === 'sale') await creditSale(effects, payment, refund)
}

async function creditSale(effects: BillingEffects, payment: PaymentRow, refund: RefundRow): Promise<void> {
  const { org_id: orgId, amount_paise: amountPaise } = refund
  const invoice = await creditableInvoice(effects.sql, payment.order_id)
  const grossPaise = Math.min(amountPaise, invoice?.left_paise ?? 0)
  if (invoice && grossPaise > 0) {
    const reason = refund.reason || 'Paid back'
    await creditInvoice(effects, { orgId, invoiceId: invoice.id, grossPaise, refundId: refund.id, reason })
  }
  if (grossPaise === amountPaise) return
  // Somebody paid back at the dashboard what was the customer's credit already.
  const difference = { orgId, kind: 'refund-exceeds-invoice', subject: refund.id, expected: grossPaise }
  await noteDifference(effects.sql, { ...difference, found: amountPaise, amountPaise: amountPaise - grossPaise })
}

async function resolveFailure({ sql, now }: BillingEffects, refund: RefundRow, news: RefundSnapshot): Promise<void> {
  await sql`
    update billing_differences
    set status = 'resolved', resolution = 'The gateway has taken it after all', resolved_at = ${now}
    where kind in ('refund-failed', 'refund-refused') and subject in (${refund.id}, ${news.id}) and status = 'open'`
}

async function noteFailure({ sql, audit }: BillingEffects, refund: RefundRow, news: RefundSnapshot): Promise<void> {
  const { org_id: orgId, amount_paise: amountPaise } = refund
  await noteDifference(sql, {
    orgId,
    kind: 'refund-failed',
    subject: news.id,
    expected: amountPaise,
    found: 0,
    amountPaise,
  })
  audit('refund.failed', { targetId: refund.id, details: { gateway_refund_id: news.id, amount_paise: amountPaise } })
}
