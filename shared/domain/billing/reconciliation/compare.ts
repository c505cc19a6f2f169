import type { GatewayBooks, OurBooks } from './books.ts'
import { compareOrders, comparePayments } from './compare-payments.ts'
import { compareRefunds } from './compare-refunds.ts'
import { compareDisputes, compareSettlements, compareSubscriptions } from './compare-standing.ts'
import type { Doubt, Findings, Notes } from './findings.ts'

/**
 * Compares what the gateway shows with our rows. What it knows more of is repaired by asking it and applying that, as a
 * webhook would; what can't be explained is a difference. The order of the lists, and repetitions in them, change nothing.
 *
 * @param asked ids whose snapshots (or absence) are younger than our rows: doubts about them are differences
 */
export function compare(theirs: GatewayBooks, ours: OurBooks, asked: ReadonlySet<string> = new Set()): Findings {
  const notes: Notes = {
    repairs: [],
    mandatesToEnd: [],
    differences: [],
    doubts: [],
    receipts: [],
    parkedRefunds: [],
    settlements: [],
  }
  const shown = unique(theirs)
  const orgOfPayment = comparePayments(notes, shown, ours, asked)
  compareOrders(notes, shown, ours)
  compareRefunds(notes, shown, ours, { asked, orgOfPayment })
  compareDisputes(notes, shown, ours, orgOfPayment)
  compareSubscriptions(notes, shown, ours)
  compareSettlements(notes, shown, ours)
  return { ...notes, examined: examined(shown, ours, notes.doubts) }
}

/** Each object once, as it was shown last. */
function unique(books: GatewayBooks): GatewayBooks {
  const once = <Item extends { id: string }>(items: readonly Item[]) => [
    ...new Map(items.map((item) => [item.id, item])).values(),
  ]
  return {
    ...books,
    payments: once(books.payments),
    orders: once(books.orders),
    refunds: once(books.refunds),
    subscriptions: once(books.subscriptions),
    disputes: once(books.disputes),
    settlements: once(books.settlements),
  }
}

function examined(theirs: GatewayBooks, ours: OurBooks, doubts: readonly Doubt[]): Set<string> {
  const { payments, orders, refunds, subscriptions, disputes, settlements } = theirs
  const ids = new Set([payments, orders, refunds, subscriptions, disputes, settlements].flat().map(({ id }) => id))
  for (const row of ours.expectedPayments) ids.add(row.gateway_payment_id)
  for (const row of ours.expectedRefunds) ids.add(row.gateway_refund_id)
  for (const { gatewayId } of doubts) ids.delete(gatewayId)
  return ids
}
