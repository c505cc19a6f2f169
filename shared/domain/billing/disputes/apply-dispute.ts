import { newId } from '../../ids.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { DisputeSnapshot } from '../gateway.ts'
import { postTransaction } from '../ledger/post.ts'
import { disputeHeldPosting, disputeLostPosting, disputeWonPosting } from '../ledger/postings.ts'
import { lockPaymentOf } from '../payments/rows.ts'
import { disputeRank } from '../ranks.ts'

/** A row of `disputes`. */
export interface DisputeRow {
  id: string
  org_id: string
  payment_id: string
  gateway_dispute_id: string
  amount_paise: number
  deducted_paise: number
  status: DisputeSnapshot['status']
  reason_code: string | null
  respond_by: string | null
  created_at: string
  updated_at: string
}

const columns = [
  ...['id', 'org_id', 'payment_id', 'gateway_dispute_id', 'amount_paise', 'deducted_paise', 'status', 'reason_code'],
  ...['respond_by', 'created_at', 'updated_at'],
]

const isOver = (status: DisputeSnapshot['status']) => disputeRank[status] === 3

/**
 * Takes in what the gateway shows of a dispute, however often and in whatever order: what it holds back of the money, and
 * how it ended. The first end that is heard of stays. The caller holds the lock of the account.
 * @returns false when its payment isn't known to be captured here (yet): it is to be applied again later
 */
export async function applyDispute(effects: BillingEffects, orgId: string, news: DisputeSnapshot): Promise<boolean> {
  const { sql } = effects
  const payment = await lockPaymentOf(sql, orgId, news.paymentId)
  if (!payment || payment.captured_at === null) return false
  if (news.currency !== 'INR') {
    const found = { currency: news.currency, amount: news.amountPaise }
    await noteDifference(sql, { orgId, kind: 'currency-differs', subject: news.id, expected: 'INR', found })
    return true
  }
  if (news.amountPaise === 0) return true
  const known = await lockDispute(effects, payment.id, news.id)
  if (known && isOver(known.status)) {
    await compareEnds(effects, known, news)
    return true
  }
  const status = known && disputeRank[known.status] >= disputeRank[news.status] ? known.status : news.status
  const deducted = Math.max(known?.deducted_paise ?? 0, news.deductedPaise)
  const dispute = known
    ? await update(effects, known, { status, deducted, news })
    : await insert(effects, { orgId, paymentId: payment.id, news })
  await book(effects, known, dispute, news)
  return true
}

async function lockDispute(
  { sql }: BillingEffects,
  paymentId: string,
  gatewayDisputeId: string,
): Promise<DisputeRow | undefined> {
  const [dispute] = await sql<DisputeRow[]>`
    select ${sql(columns)} from disputes
    where payment_id = ${paymentId} and gateway_dispute_id = ${gatewayDisputeId} for no key update`
  return dispute
}

async function insert(
  { sql, now }: BillingEffects,
  { orgId, paymentId, news }: { orgId: string; paymentId: string; news: DisputeSnapshot },
): Promise<DisputeRow> {
  const [dispute] = await sql<DisputeRow[]>`
    insert into disputes (id, org_id, payment_id, gateway_dispute_id, amount_paise, deducted_paise, status, reason_code,
      respond_by, created_at, updated_at)
    values (${newId()}, ${orgId}, ${paymentId}, ${news.id}, ${news.amountPaise}, ${news.deductedPaise}, ${news.status},
      ${news.reasonCode}, ${news.respondBy}, ${news.createdAt}, ${now})
    returning ${sql(columns)}`
  if (!dispute) throw new Error('a dispute was written into another scope')
  return dispute
}

async function update(
  { sql, now }: BillingEffects,
  known: DisputeRow,
  { status, deducted, news }: { status: DisputeSnapshot['status']; deducted: number; news: DisputeSnapshot },
): Promise<DisputeRow> {
  if (status === known.status && deducted === known.deducted_paise) return known
  const [dispute] = await sql<DisputeRow[]>`
    update disputes
    set status = ${status}, deducted_paise = ${deducted}, reason_code = coalesce(reason_code, ${news.reasonCode}),
      respond_by = coalesce(respond_by, ${news.respondBy}), updated_at = ${now}
    where id = ${known.id}
    returning ${sql(columns)}`
  if (!dispute) throw new Error('a dispute is in another scope')
  return dispute
}

/** What is held back is booked when it first is, and its release or loss with the end. */
async function book(
  { sql, audit }: BillingEffects,
  known: DisputeRow | undefined,
  dispute: DisputeRow,
  news: DisputeSnapshot,
): Promise<void> {
  const { org_id: orgId, gateway_dispute_id: gatewayDisputeId, deducted_paise: deducted, status } = dispute
  const wasHeld = deducted > 0
  const at = news.createdAt
  const held = known?.deducted_paise ?? 0
  if (wasHeld && held === 0)
    await postTransaction(sql, disputeHeldPosting({ orgId, gatewayDisputeId, amountPaise: deducted, at }))
  if (held > 0 && deducted !== held) {
    const difference = { orgId, kind: 'dispute-deduction-differs', subject: gatewayDisputeId, expected: held }
    await noteDifference(sql, { ...difference, found: deducted, amountPaise: deducted - held })
  }
  // What was booked as held is what is booked back.
  const amountPaise = held > 0 ? held : deducted
  if (status === 'won')
    await postTransaction(sql, disputeWonPosting({ orgId, gatewayDisputeId, amountPaise, wasHeld, at }))
  if (status === 'lost') {
    const lost = { orgId, gatewayDisputeId, amountPaise: wasHeld ? amountPaise : dispute.amount_paise, wasHeld, at }
    await postTransaction(sql, disputeLostPosting(lost))
  }
  if (status === 'closed' && wasHeld) {
    // Whether it comes back, the gateway doesn't say.
    await noteDifference(sql, { orgId, kind: 'dispute-closed-held', subject: gatewayDisputeId, amountPaise })
  }
  if (known?.status === status) return
  const details = { gateway_dispute_id: gatewayDisputeId, status, amount_paise: dispute.amount_paise }
  audit(known ? 'dispute.changed' : 'dispute.opened', { targetId: dispute.id, details })
}

/** It ends once: another end afterwards is for somebody to look at. */
async function compareEnds({ sql }: BillingEffects, known: DisputeRow, news: DisputeSnapshot): Promise<void> {
  if (!isOver(news.status) || news.status === known.status) return
  const difference = { orgId: known.org_id, kind: 'dispute-state-differs', subject: known.gateway_dispute_id }
  await noteDifference(sql, { ...difference, expected: known.status, found: news.status })
}
