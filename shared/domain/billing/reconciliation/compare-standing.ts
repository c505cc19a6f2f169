import { disputeRank } from '../ranks.ts'
import { isEnd } from '../subscriptions/state.ts'
import type { GatewayBooks, OurBooks } from './books.ts'
import { difference, inAnotherCurrency, type Notes } from './findings.ts'

/** Disputes: what the gateway has, we have, and no more. */
export function compareDisputes(
  notes: Notes,
  theirs: GatewayBooks,
  ours: OurBooks,
  orgOfPayment: ReadonlyMap<string, string>,
): void {
  const rows = new Map(ours.disputes.map((row) => [row.gateway_dispute_id, row]))
  for (const dispute of theirs.disputes) {
    const row = rows.get(dispute.id)
    const orgId = row?.org_id ?? orgOfPayment.get(dispute.paymentId) ?? null
    if (dispute.currency !== 'INR') {
      notes.differences.push(inAnotherCurrency(dispute, orgId))
      continue
    }
    if (orgId === null) {
      notes.differences.push(difference('dispute-unknown', dispute.id, null, null, dispute.amountPaise))
      continue
    }
    const [their, our] = [disputeRank[dispute.status], row ? disputeRank[row.status] : -1]
    if (!row || their > our || dispute.deductedPaise > row.deducted_paise) {
      notes.repairs.push({ orgId, kind: 'dispute', gatewayId: dispute.id })
      continue
    }
    // Between states that are no ends it may go back and forth.
    const isOver = our === disputeRank.lost
    const isOlder = new Date(row.updated_at) < theirs.listedAt
    if (isOver && isOlder && dispute.status !== row.status) {
      notes.differences.push(difference('dispute-state-differs', dispute.id, orgId, row.status, dispute.status))
    }
  }
}

/** Subscriptions: the same state on both sides, and none that is charged for nothing. */
export function compareSubscriptions(notes: Notes, theirs: GatewayBooks, ours: OurBooks): void {
  const rows = new Map(ours.subscriptions.map((row) => [row.gateway_subscription_id, row]))
  for (const { id, status, paidCount } of theirs.subscriptions) {
    const row = rows.get(id)
    const isLive = !isEnd(status)
    if (!row) {
      // Nobody has authorized one that was only created.
      if (isLive && status !== 'created') {
        notes.differences.push(difference('subscription-unknown', id, null, null, status))
      }
    } else if (row.must_be_ended && isLive) {
      notes.mandatesToEnd.push({ orgId: row.org_id, gatewaySubscriptionId: id })
    } else if (!row.was_replaced && (row.gateway_status !== status || paidCount > row.gateway_paid_count)) {
      notes.repairs.push({ orgId: row.org_id, kind: 'subscription', gatewayId: id })
    }
  }
}

/** Settlements: those that aren't booked yet, and those that changed after they were. */
export function compareSettlements(notes: Notes, theirs: GatewayBooks, ours: OurBooks): void {
  const rows = new Map(ours.settlements.map((row) => [row.gateway_settlement_id, row]))
  for (const settlement of theirs.settlements) {
    const row = rows.get(settlement.id)
    if (row?.status !== 'processed') {
      notes.settlements.push(settlement)
    } else if (settlement.status !== 'processed' || settlement.amountPaise !== row.amount_paise) {
      notes.differences.push({
        kind: 'settlement-differs',
        subject: settlement.id,
        orgId: null,
        expected: { status: row.status, amount_paise: row.amount_paise },
        found: { status: settlement.status, amount_paise: settlement.amountPaise },
        amountPaise: settlement.amountPaise - row.amount_paise,
      })
    }
  }
}
