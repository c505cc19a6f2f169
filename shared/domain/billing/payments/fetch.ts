import type { Sql } from '../../sql.ts'
import type {
  DisputeSnapshot,
  GatewayInvoiceSnapshot,
  OrderSnapshot,
  PaymentGateway,
  PaymentSnapshot,
  RefundSnapshot,
  SubscriptionSnapshot,
} from '../gateway.ts'

/** What is to be asked of the gateway. */
export interface Wanted {
  kind: 'payment' | 'order' | 'refund' | 'dispute' | 'subscription'
  gateway_id: string
}

/** A payment with all that belongs to it, as the gateway shows it. */
export interface FetchedPayment {
  payment: PaymentSnapshot
  invoice: GatewayInvoiceSnapshot | null
  refunds: RefundSnapshot[]
}

/** What the gateway shows; read before the transaction that applies it. */
export interface Fetched {
  /** Before it was asked: what is known from later on is newer. */
  at: Date
  order: OrderSnapshot | null
  payments: FetchedPayment[]
  refund: RefundSnapshot | null
  dispute: DisputeSnapshot | null
  subscription: SubscriptionSnapshot | null
}

export interface Asking {
  payments: PaymentGateway
  now: Date
  signal: AbortSignal
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
}

/**
 * Asks the gateway for something, with what belongs to it: a payment's invoice and refunds, an order's payments, the
 * payment of a refund or dispute, the charges of a subscription.
 * @throws PlatformError NOT_FOUND, UNAVAILABLE
 */
export async function fetchObject(asking: Asking, { kind, gateway_id: id }: Wanted): Promise<Fetched> {
  const { payments: gateway, now: at, signal } = asking
  const nothing: Fetched = { at, order: null, payments: [], refund: null, dispute: null, subscription: null }
  switch (kind) {
    case 'payment':
      return { ...nothing, payments: [await withDetails(asking, await gateway.fetchPayment(id, signal))] }
    case 'order': {
      const order = await gateway.fetchOrder(id, signal)
      const payments = await gateway.paymentsOfOrder(id, signal)
      return { ...nothing, order, payments: await Promise.all(payments.map((one) => withDetails(asking, one))) }
    }
    case 'refund': {
      const refund = await gateway.fetchRefund(id, signal)
      const payment = await gateway.fetchPayment(refund.paymentId, signal)
      return { ...nothing, refund, payments: [await withDetails(asking, payment)] }
    }
    case 'dispute': {
      const dispute = await gateway.fetchDispute(id, signal)
      const payment = await gateway.fetchPayment(dispute.paymentId, signal)
      return { ...nothing, dispute, payments: [await withDetails(asking, payment)] }
    }
    case 'subscription': {
      const subscription = await gateway.fetchSubscription(id, signal)
      return { ...nothing, subscription, payments: await chargesOf(asking, id) }
    }
  }
}

async function withDetails({ payments: gateway, signal }: Asking, payment: PaymentSnapshot): Promise<FetchedPayment> {
  const [invoice, refunds] = await Promise.all([
    payment.invoiceId === null ? null : gateway.fetchInvoice(payment.invoiceId, signal),
    payment.refundedPaise === 0 ? [] : gateway.refundsOfPayment(payment.id, signal),
  ])
  return { payment, invoice, refunds }
}

/** The payments of a subscription's invoices that aren't known here to have been captured. */
async function chargesOf(asking: Asking, subscriptionId: string): Promise<FetchedPayment[]> {
  const { payments: gateway, signal } = asking
  const invoices = await gateway.invoicesOfSubscription(subscriptionId, signal)
  const paid = invoices.flatMap((invoice) => (invoice.paymentId === null ? [] : [{ id: invoice.paymentId, invoice }]))
  const known = await asking.read(async (sql) => {
    if (paid.length === 0) return new Set<string>()
    const rows = await sql<{ id: string }[]>`
      select gateway_payment_id as id from payments
      where gateway_payment_id in ${sql(paid.map(({ id }) => id))} and captured_at is not null and purpose is not null`
    return new Set(rows.map(({ id }) => id))
  })
  const charges: FetchedPayment[] = []
  for (const { id, invoice } of paid) {
    if (known.has(id)) continue
    const payment = await gateway.fetchPayment(id, signal)
    const refunds = payment.refundedPaise === 0 ? [] : await gateway.refundsOfPayment(id, signal)
    charges.push({
      payment,
      invoice: { ...invoice, subscriptionId: invoice.subscriptionId ?? subscriptionId },
      refunds,
    })
  }
  return charges
}
