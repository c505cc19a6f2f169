import type { ListWindow, PaymentGateway } from '../gateway.ts'
import type { GatewayBooks, Window } from './books.ts'

/** What of the gateway's port is asked. */
export type GatewayLists = Pick<
  PaymentGateway,
  | 'listOrders'
  | 'listPayments'
  | 'listRefunds'
  | 'listSubscriptions'
  | 'listSettlements'
  | 'listDisputes'
  | 'fetchPayment'
  | 'fetchInvoice'
  | 'refundsOfPayment'
>

const pageSize = 100
/** Half a million objects of one kind: more is a gateway that goes on for ever. */
const maximumPages = 5000

/** When the oldest of what can still change was made; it is listed from there. */
export interface OldestOpen {
  mandate: Date | null
  dispute: Date | null
}

/**
 * Lists everything of a window, page by page; mandates and disputes from the oldest that can still change.
 *
 * @throws PlatformError UNAVAILABLE of the gateway, or whatever `signal` was aborted with
 */
export async function listGatewayBooks(
  gateway: GatewayLists,
  window: Window,
  oldest: OldestOpen,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<GatewayBooks> {
  const since = (date: Date | null): Window => ({ ...window, from: date && date < window.from ? date : window.from })
  return {
    window,
    listedAt: now,
    payments: await listAll((page) => gateway.listPayments(page, signal), window, signal),
    orders: await listAll((page) => gateway.listOrders(page, signal), window, signal),
    refunds: await listAll((page) => gateway.listRefunds(page, signal), window, signal),
    subscriptions: await listAll((page) => gateway.listSubscriptions(page, signal), since(oldest.mandate), signal),
    disputes: await listAll((page) => gateway.listDisputes(page, signal), since(oldest.dispute), signal),
    settlements: await listAll((page) => gateway.listSettlements(page, signal), window, signal),
    subscriptionOfInvoice: new Map(),
  }
}

/** Every object once; it ends where a page brings nothing new, however long the page is. */
export async function listAll<Item extends { id: string }>(
  list: (page: ListWindow) => Promise<Item[]>,
  window: Window,
  signal: AbortSignal,
): Promise<Item[]> {
  const found = new Map<string, Item>()
  for (let [page, skip] = [0, 0]; page < maximumPages; page++) {
    signal.throwIfAborted()
    const items = await list({ ...window, count: pageSize, skip })
    const before = found.size
    for (const item of items) found.set(item.id, item)
    if (found.size === before) return [...found.values()]
    skip += items.length
  }
  throw new Error('the gateway lists without end')
}
