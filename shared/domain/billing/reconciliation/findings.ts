import type { Json } from '../../sql.ts'
import type { PaymentSnapshot, RefundSnapshot, SettlementSnapshot } from '../gateway.ts'
import type { DifferenceKind } from './kinds.ts'

/** Something of an organization's that is to be fetched and applied. */
export interface Repair {
  orgId: string
  kind: 'payment' | 'order' | 'refund' | 'dispute' | 'subscription'
  gatewayId: string
}

/** What doesn't agree and isn't guessed at. */
export interface Difference {
  kind: DifferenceKind
  /** Id of the gateway's object. */
  subject: string
  orgId: string | null
  expected: Json
  found: Json
  amountPaise: number | null
}

/** Our row is further than what was listed, or isn't there: true only when asking once more, later, says so too. */
export interface Doubt {
  kind: 'payment' | 'refund'
  gatewayId: string
  /** Of the payment. */
  gatewayPaymentId: string
}

export interface Findings {
  repairs: Repair[]
  /** Mandates that the gateway may still charge although they are over here. */
  mandatesToEnd: { orgId: string; gatewaySubscriptionId: string }[]
  differences: Difference[]
  doubts: Doubt[]
  /** Captured payments of nobody, to be parked. */
  receipts: PaymentSnapshot[]
  /** Processed refunds of those. */
  parkedRefunds: RefundSnapshot[]
  settlements: SettlementSnapshot[]
  /** Ids of the gateway's objects that were judged: differences of theirs that are not named here are gone. */
  examined: Set<string>
}

/** So that each part adds what it finds. */
export type Notes = Omit<Findings, 'examined'>

/** Amounts tell how much it is about: what was found, less what was expected. */
export function difference(
  kind: DifferenceKind,
  subject: string,
  orgId: string | null,
  expected: Json,
  found: Json,
): Difference {
  const paise = (value: Json) => (typeof value === 'number' ? value : 0)
  const counts = typeof expected === 'number' || typeof found === 'number'
  return { kind, subject, orgId, expected, found, amountPaise: counts ? paise(found) - paise(expected) : null }
}

export function inAnotherCurrency(
  object: { id: string; currency: string; amountPaise: number },
  orgId: string | null,
): Difference {
  const found = { currency: object.currency, amount: object.amountPaise }
  return { kind: 'currency-differs', subject: object.id, orgId, expected: 'INR', found, amountPaise: null }
}
