import { type AccountCode, accounts } from './accounts.ts'
import type { Posting } from './post.ts'

/** Of whom: null for what can't be told whose it is; it is booked for the company, in system scope. */
interface Of {
  orgId: string | null
}

/** A payment was captured for an organization: the gateway owes it to us, and we to the customer. */
export function capturePosting(payment: {
  orgId: string
  gatewayPaymentId: string
  amountPaise: number
  capturedAt: Date
}): Posting {
  return {
    source: `payment:${payment.gatewayPaymentId}`,
    kind: 'payment',
    orgId: payment.orgId,
    description: `Payment ${payment.gatewayPaymentId}`,
    occurredAt: payment.capturedAt,
    entries: move(payment.amountPaise, accounts.clearing, accounts.advances),
  }
}

/** A payment was captured of which nobody knows whose it is; booked in system scope. */
export function parkedReceiptPosting(payment: {
  gatewayPaymentId: string
  amountPaise: number
  capturedAt: Date
}): Posting {
  return {
    source: `parked:${payment.gatewayPaymentId}`,
    kind: 'parked-receipt',
    orgId: null,
    description: `Payment ${payment.gatewayPaymentId} of nobody known`,
    occurredAt: payment.capturedAt,
    entries: move(payment.amountPaise, accounts.clearing, accounts.parkedReceipts),
  }
}

/**
 * The gateway keeps its fee of a payment.
 *
 * @param fee.feePaise with the tax on it
 */
export function feePosting(
  fee: Of & { gatewayPaymentId: string; feePaise: number; feeTaxPaise: number; at: Date },
): Posting {
  return {
    source: `fee:${fee.gatewayPaymentId}`,
    kind: 'fee',
    orgId: fee.orgId,
    description: `Fee of the gateway for payment ${fee.gatewayPaymentId}`,
    occurredAt: fee.at,
    entries: [
      { account: accounts.gatewayFees, amountPaise: fee.feePaise - fee.feeTaxPaise },
      { account: accounts.inputCredit, amountPaise: fee.feeTaxPaise },
      { account: accounts.clearing, amountPaise: -fee.feePaise },
    ],
  }
}

/** An invoice or credit note as its row has it. */
export interface IssuedDocument {
  id: string
  org_id: string
  number: string
  net_paise: number
  cgst_paise: number
  sgst_paise: number
  igst_paise: number
  total_paise: number
  issued_at: Date | string
}

/** What was bought is sold and its tax owed. */
export function invoicePosting(invoice: IssuedDocument): Posting {
  return documentPosting(invoice, { kind: 'invoice', title: 'Invoice', sign: 1 })
}

/** What was sold, and its tax, is taken back: the customer has a credit. */
export function creditNotePosting(note: IssuedDocument): Posting {
  return documentPosting(note, { kind: 'credit-note', title: 'Credit note', sign: -1 })
}

function documentPosting(document: IssuedDocument, as: { kind: string; title: string; sign: 1 | -1 }): Posting {
  return {
    source: `${as.kind}:${document.id}`,
    kind: as.kind,
    orgId: document.org_id,
    description: `${as.title} ${document.number}`,
    occurredAt: new Date(document.issued_at),
    entries: [
      { account: accounts.advances, amountPaise: as.sign * document.total_paise },
      { account: accounts.sales, amountPaise: -as.sign * document.net_paise },
      { account: accounts.cgstPayable, amountPaise: -as.sign * document.cgst_paise },
      { account: accounts.sgstPayable, amountPaise: -as.sign * document.sgst_paise },
      { account: accounts.igstPayable, amountPaise: -as.sign * document.igst_paise },
    ],
  }
}

/** A refund left; one of a parked receipt (nobody's) is taken from there. */
export function refundPosting(refund: Of & { gatewayRefundId: string; amountPaise: number; at: Date }): Posting {
  return {
    source: `refund:${refund.gatewayRefundId}`,
    kind: 'refund',
    orgId: refund.orgId,
    description: `Refund ${refund.gatewayRefundId}`,
    occurredAt: refund.at,
    entries: move(
      refund.amountPaise,
      refund.orgId === null ? accounts.parkedReceipts : accounts.advances,
      accounts.clearing,
    ),
  }
}

type DisputeOutcome = Of & {
  gatewayDisputeId: string
  amountPaise: number
  /** Whether `disputeHeldPosting` was booked for this amount. */
  wasHeld: boolean
  at: Date
}

/** The gateway holds back the amount of a dispute. */
export function disputeHeldPosting(dispute: Omit<DisputeOutcome, 'wasHeld'>): Posting {
  return disputePosting(dispute, 'held', move(dispute.amountPaise, accounts.heldForDisputes, accounts.clearing))
}

/** A dispute was won: what was held back comes; nothing, when nothing was. */
export function disputeWonPosting(dispute: DisputeOutcome): Posting {
  const amountPaise = dispute.wasHeld ? dispute.amountPaise : 0
  return disputePosting(dispute, 'won', move(amountPaise, accounts.clearing, accounts.heldForDisputes))
}

/** A dispute was lost: what was held back, or is taken now, is gone. */
export function disputeLostPosting(dispute: DisputeOutcome): Posting {
  const from = dispute.wasHeld ? accounts.heldForDisputes : accounts.clearing
  return disputePosting(dispute, 'lost', move(dispute.amountPaise, accounts.disputesLost, from))
}

function disputePosting(
  dispute: Omit<DisputeOutcome, 'wasHeld'>,
  stage: 'held' | 'won' | 'lost',
  entries: Posting['entries'],
): Posting {
  return {
    source: `dispute:${dispute.gatewayDisputeId}:${stage}`,
    kind: `dispute-${stage}`,
    orgId: dispute.orgId,
    description: `Dispute ${dispute.gatewayDisputeId}: ${stage}`,
    occurredAt: dispute.at,
    entries,
  }
}

/** The gateway has paid out what it cleared, without its fees, which are booked for each payment; in system scope. */
export function settlementPosting(settlement: { gatewaySettlementId: string; amountPaise: number; at: Date }): Posting {
  return {
    source: `settlement:${settlement.gatewaySettlementId}`,
    kind: 'settlement',
    orgId: null,
    description: `Settlement ${settlement.gatewaySettlementId}`,
    occurredAt: settlement.at,
    entries: move(settlement.amountPaise, accounts.bank, accounts.clearing),
  }
}

function move(amountPaise: number, debit: AccountCode, credit: AccountCode): Posting['entries'] {
  return [
    { account: debit, amountPaise },
    { account: credit, amountPaise: -amountPaise },
  ]
}
