import type { ListWindow, PaymentGateway } from '#shared/domain/billing/gateway.ts'
import {
  readDispute,
  readGatewayInvoice,
  readOrder,
  readPayment,
  readRefund,
  readSettlement,
  readSubscription,
  refundIdNote,
} from '#shared/domain/billing/wire.ts'
import { AppError } from '#shared/domain/errors.ts'
import { PlatformError } from '../errors.ts'
import { createExchange, type Repeats } from './exchange.ts'

export interface RazorpayOptions {
  /** Null: no gateway is configured, and every call says so. */
  keyId: string | null
  keySecret: string | null
  baseUrl: string
  /** Of each attempt. */
  attemptSeconds?: number
  /** Of a call with its repetitions. */
  totalSeconds?: number
  backoffMilliseconds?: number
}

type Path = readonly [kind: string, id?: string, part?: string]

const realGateway = 'https://api.razorpay.com'

/** After the order is made, for so long a late authorization is still captured by itself; the least that it takes is 12. */
const captureMinutes = 24 * 60
/** Then it waits for somebody to capture it, and is given back after this. */
const manualMinutes = 3 * 24 * 60

/**
 * Razorpay, by the HTTP client of its package. Every request is repeated where that does no harm: orders are found again
 * by their receipt, refunds by ours that they name, captures and ends by what has become of their object.
 */
export function createRazorpayGateway(options: RazorpayOptions): PaymentGateway {
  const { keyId, keySecret, baseUrl } = options
  const exchange =
    keyId && keySecret
      ? createExchange({
          keyId,
          keySecret,
          baseUrl,
          attemptSeconds: options.attemptSeconds ?? 8,
          totalSeconds: options.totalSeconds ?? 20,
          backoffMilliseconds: options.backoffMilliseconds ?? 300,
        })
      : () => Promise.reject(new PlatformError('UNAVAILABLE', 'no payment gateway is configured'))

  async function get<Snapshot>(
    path: Path,
    read: (value: unknown) => Snapshot,
    signal: AbortSignal | undefined,
    query: Readonly<Record<string, string | number>> = {},
  ): Promise<Snapshot> {
    return understood(read, await exchange({ method: 'GET', path: pathOf(path), query, repeats: 'always', signal }))
  }

  async function change<Snapshot>(
    path: Path,
    body: object,
    read: (value: unknown) => Snapshot,
    signal: AbortSignal | undefined,
    how: { method?: 'POST' | 'PATCH'; repeats?: Repeats; headers?: Record<string, string> } = {},
  ): Promise<Snapshot> {
    const { method = 'POST', repeats = 'undone', headers = {} } = how
    return understood(read, await exchange({ method, path: pathOf(path), body, headers, repeats, signal }))
  }

  const list = <Snapshot>(
    path: Path,
    read: (value: unknown) => Snapshot,
    { from, to, count, skip }: ListWindow,
    signal: AbortSignal | undefined,
  ) => get(path, collectionOf(read), signal, { from: seconds(from), to: Math.floor(to.getTime() / 1000), count, skip })

  /** All of a collection that isn't paged, or fits on some pages. */
  async function all<Snapshot>(
    path: Path,
    read: (value: unknown) => Snapshot,
    signal: AbortSignal | undefined,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Snapshot[]> {
    const found: Snapshot[] = []
    for (;;) {
      const page = await get(path, collectionOf(read), signal, { ...query, count: pageSize, skip: found.length })
      found.push(...page)
      if (page.length < pageSize) return found
    }
  }

  /** A change that is fine when it had happened before: refused or unanswered, its object tells. */
  async function unlessDone<Snapshot>(
    asked: Promise<Snapshot>,
    look: () => Promise<Snapshot>,
    isDone: (snapshot: Snapshot) => boolean,
  ): Promise<Snapshot> {
    try {
      return await asked
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code === 'NOT_FOUND') throw error
      const found = await look().catch(() => null)
      if (found !== null && isDone(found)) return found
      throw error
    }
  }

  const gateway: PaymentGateway = {
    isLive: keyId?.startsWith('rzp_live_') ?? false,
    keyId: keyId ?? '',
    // Only what stands in for it has pages of its own for orders.
    checkoutUrl: (orderId) =>
      keyId === null || baseUrl === realGateway ? null : `${baseUrl}/checkout/${encodeURIComponent(orderId)}`,

    async createOrder({ amountPaise, receipt, notes }, signal) {
      const find = async () => {
        const found = await get(['/orders'], collectionOf(readOrder), signal, { receipt, count: 10 })
        // Razorpay lets receipts be used twice, and looks for them as it likes.
        const same = found.filter((order) => order.receipt === receipt)
        const fitting = same.find((order) => order.amountPaise === amountPaise && order.currency === 'INR')
        if (same.length > 0 && !fitting) {
          throw new PlatformError('INVALID_ARGUMENT', 'there is an order with this receipt of another amount')
        }
        return fitting
      }
      const draft = {
        amount: amountPaise,
        currency: 'INR',
        receipt,
        notes,
        payment: {
          capture: 'automatic',
          capture_options: {
            automatic_expiry_period: captureMinutes,
            manual_expiry_period: manualMinutes,
            refund_speed: 'normal',
          },
        },
      }
      const before = await find()
      if (before) return before
      try {
        return await change(['/orders'], draft, readOrder, signal)
      } catch (error) {
        if (!(error instanceof PlatformError) || error.code !== 'UNAVAILABLE') throw error
        const made = await find().catch(() => null)
        if (made) return made
        throw error
      }
    },
    fetchOrder: (id, signal) => get(['/orders', id], readOrder, signal),
    paymentsOfOrder: (id, signal) => get(['/orders', id, '/payments'], collectionOf(readPayment), signal),
    fetchPayment: (id, signal) => get(['/payments', id], readPayment, signal),
    capturePayment: (id, amountPaise, signal) =>
      unlessDone(
        change(['/payments', id, '/capture'], { amount: amountPaise, currency: 'INR' }, readPayment, signal, {
          repeats: 'always',
        }),
        () => gateway.fetchPayment(id, signal),
        ({ status }) => status === 'captured' || status === 'refunded',
      ),
    async createRefund({ paymentId, amountPaise, ourId }, signal) {
      // Idempotency keys are forgotten some day; the note stays.
      const before = (await gateway.refundsOfPayment(paymentId, signal)).find((refund) => refund.ourId === ourId)
      if (before) return before
      return change(
        ['/payments', paymentId, '/refund'],
        { amount: amountPaise, speed: 'normal', receipt: ourId, notes: { [refundIdNote]: ourId } },
        readRefund,
        signal,
        { repeats: 'always', headers: { 'X-Refund-Idempotency': ourId } },
      )
    },
    fetchRefund: (id, signal) => get(['/refunds', id], readRefund, signal),
    fetchDispute: (id, signal) => get(['/disputes', id], readDispute, signal),
    refundsOfPayment: (id, signal) => all(['/payments', id, '/refunds'], readRefund, signal),

    createPlan: ({ name, period, amountPaise }, signal) =>
      change(
        ['/plans'],
        {
          period: period === 'month' ? 'monthly' : 'yearly',
          interval: 1,
          item: { name, amount: amountPaise, currency: 'INR' },
        },
        readId,
        signal,
      ),
    createSubscription: ({ planId, totalCount, startAt, upfront, notes }, signal) =>
      change(
        ['/subscriptions'],
        {
          plan_id: planId,
          total_count: totalCount,
          quantity: 1,
          // Our own mails say what is due.
          customer_notify: false,
          ...(startAt && { start_at: seconds(startAt) }),
          ...(upfront && { addons: [{ item: { name: upfront.name, amount: upfront.amountPaise, currency: 'INR' } }] }),
          notes,
        },
        readSubscription,
        signal,
      ),
    fetchSubscription: (id, signal) => get(['/subscriptions', id], readSubscription, signal),
    updateSubscription: (id, { planId, when }, signal) =>
      change(
        ['/subscriptions', id],
        {
          plan_id: planId,
          schedule_change_at: when === 'now' ? 'now' : 'cycle_end',
          customer_notify: false,
        },
        readSubscription,
        signal,
        { method: 'PATCH' },
      ),
    cancelSubscription: (id, when, signal) =>
      unlessDone(
        change(
          ['/subscriptions', id, '/cancel'],
          when === 'period-end' ? { cancel_at_cycle_end: 1 } : {},
          readSubscription,
          signal,
          { repeats: 'always' },
        ),
        () => gateway.fetchSubscription(id, signal),
        ({ status }) => status === 'cancelled' || status === 'completed' || status === 'expired',
      ),
    pauseSubscription: (id, signal) =>
      unlessDone(
        change(['/subscriptions', id, '/pause'], { pause_at: 'now' }, readSubscription, signal, {
          repeats: 'always',
        }),
        () => gateway.fetchSubscription(id, signal),
        ({ status }) => status === 'paused',
      ),
    resumeSubscription: (id, signal) =>
      unlessDone(
        change(['/subscriptions', id, '/resume'], { resume_at: 'now' }, readSubscription, signal, {
          repeats: 'always',
        }),
        () => gateway.fetchSubscription(id, signal),
        ({ status }) => status === 'active' || status === 'authenticated',
      ),
    fetchInvoice: (id, signal) => get(['/invoices', id], readGatewayInvoice, signal),
    invoicesOfSubscription: (id, signal) => all(['/invoices'], readGatewayInvoice, signal, { subscription_id: id }),

    listOrders: (window, signal) => list(['/orders'], readOrder, window, signal),
    listPayments: (window, signal) => list(['/payments'], readPayment, window, signal),
    listRefunds: (window, signal) => list(['/refunds'], readRefund, window, signal),
    listSubscriptions: (window, signal) => list(['/subscriptions'], readSubscription, window, signal),
    listSettlements: (window, signal) => list(['/settlements'], readSettlement, window, signal),
    listDisputes: (window, signal) => list(['/disputes'], readDispute, window, signal),
  }
  return gateway
}

const pageSize = 100

/** `/v1`, a kind, an id, and what of it. An id that is none is nowhere. */
function pathOf([kind, id, part = '']: Path): string {
  if (id === undefined) return `/v1${kind}`
  if (/^[A-Za-z0-9_]{1,100}$/.test(id)) return `/v1${kind}/${id}${part}`
  throw new PlatformError('NOT_FOUND', 'the payment gateway knows of no such thing')
}

/** Up to the next whole second. */
function seconds(moment: Date): number {
  return Math.ceil(moment.getTime() / 1000)
}

/** What has another form than is known is no answer. */
function understood<Snapshot>(read: (value: unknown) => Snapshot, value: unknown): Snapshot {
  try {
    return read(value)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new PlatformError('UNAVAILABLE', 'the payment gateway answered in an unknown form', { cause: error })
  }
}

function collectionOf<Snapshot>(read: (value: unknown) => Snapshot): (value: unknown) => Snapshot[] {
  return (value) => {
    const { items } = value as { items?: unknown }
    if (!Array.isArray(items)) throw new AppError('VALIDATION_ERROR', 'a collection without items')
    return items.map(read)
  }
}

function readId(value: unknown): { id: string } {
  const { id } = value as { id?: unknown }
  if (typeof id !== 'string' || id === '') throw new AppError('VALIDATION_ERROR', 'an object without id')
  return { id }
}
