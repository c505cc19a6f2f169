import type { Sql } from '../../sql.ts'
import type { PaymentSnapshot } from '../gateway.ts'
import type { GatewayBooks, OurBooks, Window } from './books.ts'
import { compare } from './compare.ts'
import type { Doubt, Findings } from './findings.ts'
import { type GatewayLists, listGatewayBooks } from './list-gateway.ts'
import { readOldestOpen, readOurBooks, readUnended } from './read-ours.ts'

const dayMilliseconds = 86_400_000
/** Webhooks are repeated for a day; what was lost is looked for once more on the days after. */
const windowDays = 3
/** What is younger may be under way by itself. */
const settlingMilliseconds = 10 * 60_000
/** Single objects that are asked for in one go; what is left is looked at the next time. */
const maximumQuestions = 2000
const parallelQuestions = 5

/** What is looked through each night. */
export function nightlyWindow(now: Date): Window {
  return {
    from: new Date(now.getTime() - windowDays * dayMilliseconds),
    to: new Date(now.getTime() - settlingMilliseconds),
  }
}

export interface ReconciliationSource {
  gateway: GatewayLists
  /** Reads our rows in system scope, in a short transaction of its own. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  now: Date
  signal: AbortSignal
}

/**
 * Asks the gateway what happened in a window, compares it with our rows, and asks once more about what our rows know
 * better. It changes nothing.
 *
 * @throws PlatformError UNAVAILABLE when the gateway can't be asked; half of a comparison is none
 */
export async function gatherFindings(source: ReconciliationSource, window: Window): Promise<Findings> {
  const oldest = await source.read((sql) => readOldestOpen(sql, source.now))
  const listed = await listGatewayBooks(source.gateway, window, oldest, source)
  const first = await source.read((sql) => readOurBooks(sql, listed))
  const theirs = await askForMissingLinks(source, listed, first)
  const { ours, unended } = await source.read(async (sql) => ({
    ours: await readOurBooks(sql, theirs),
    unended: await readUnended(sql, window),
  }))
  const { doubts } = compare(theirs, ours)
  const { books, asked } = await askAgain(source, theirs, doubts)
  const findings = compare(books, ours, asked)
  return { ...findings, repairs: withoutTwins([...findings.repairs, ...unended]) }
}

/** Whose a charge is, its invoice says; and a refund or dispute may be of a payment before the window. */
async function askForMissingLinks(
  source: ReconciliationSource,
  books: GatewayBooks,
  ours: OurBooks,
): Promise<GatewayBooks> {
  const { gateway, signal } = source
  const known = new Set([...ours.payments.map((row) => row.gateway_payment_id), ...ours.parkedPaymentIds])
  const orders = new Set(ours.orders.map((row) => row.gateway_order_id))
  const listed = new Set(books.payments.map(({ id }) => id))
  const elder = [...books.refunds, ...books.disputes]
    .map(({ paymentId }) => paymentId)
    .filter((id) => !known.has(id) && !listed.has(id))
  const older = await askEach(source, elder, (id) => gateway.fetchPayment(id, signal))
  const payments = [...books.payments, ...older.found.values()]
  const isOpen = (payment: PaymentSnapshot) => !known.has(payment.id) && !orders.has(payment.orderId ?? '')
  const invoiceIds = payments.filter(isOpen).flatMap(({ invoiceId }) => invoiceId ?? [])
  const invoices = await askEach(source, invoiceIds, (id) => gateway.fetchInvoice(id, signal))
  const links = [...invoices.found].flatMap(([id, { subscriptionId }]): [string, string][] =>
    subscriptionId === null ? [] : [[id, subscriptionId]],
  )
  return {
    ...books,
    // Of whom nobody could tell is looked at the next time.
    payments: payments.filter((payment) => !isOpen(payment) || !invoices.unanswered.has(payment.invoiceId ?? '')),
    refunds: books.refunds.filter(({ paymentId }) => !older.unanswered.has(paymentId)),
    disputes: books.disputes.filter(({ paymentId }) => !older.unanswered.has(paymentId)),
    subscriptionOfInvoice: new Map(links),
  }
}

/** Replaces what was listed by what is shown now, which is younger than our rows. */
async function askAgain(
  source: ReconciliationSource,
  books: GatewayBooks,
  doubts: readonly Doubt[],
): Promise<{ books: GatewayBooks; asked: ReadonlySet<string> }> {
  const { gateway, signal } = source
  const ofKind = (kind: Doubt['kind']) => doubts.filter((doubt) => doubt.kind === kind)
  const paymentIds = ofKind('payment').map(({ gatewayId }) => gatewayId)
  const payments = await askEach(source, paymentIds, (id) => gateway.fetchPayment(id, signal))
  const refundedIds = ofKind('refund').map(({ gatewayPaymentId }) => gatewayPaymentId)
  const refunds = await askEach(source, refundedIds, (id) => gateway.refundsOfPayment(id, signal))
  const askedPayments = new Set(paymentIds.filter((id) => !payments.unanswered.has(id)))
  const askedRefunds = new Set(
    ofKind('refund')
      .filter(({ gatewayPaymentId }) => !refunds.unanswered.has(gatewayPaymentId))
      .map(({ gatewayId }) => gatewayId),
  )
  return {
    asked: new Set([...askedPayments, ...askedRefunds]),
    books: {
      ...books,
      payments: [...books.payments.filter(({ id }) => !askedPayments.has(id)), ...payments.found.values()],
      refunds: [
        ...books.refunds.filter(({ id }) => !askedRefunds.has(id)),
        ...[...refunds.found.values()].flat().filter(({ id }) => askedRefunds.has(id)),
      ],
    },
  }
}

/** Asks for each id, a few at a time; what isn't there is in neither answer. */
async function askEach<Item>(
  { signal }: ReconciliationSource,
  ids: readonly string[],
  ask: (id: string) => Promise<Item>,
): Promise<{ found: Map<string, Item>; unanswered: Set<string> }> {
  const all = [...new Set(ids)]
  const left = all.splice(0, maximumQuestions)
  const [found, unanswered] = [new Map<string, Item>(), new Set(all)]
  const asker = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      signal.throwIfAborted()
      try {
        found.set(id, await ask(id))
      } catch (error) {
        if ((error as { code?: string }).code !== 'NOT_FOUND') unanswered.add(id)
      }
    }
  }
  await Promise.all(Array.from({ length: parallelQuestions }, asker))
  return { found, unanswered }
}

function withoutTwins<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}
