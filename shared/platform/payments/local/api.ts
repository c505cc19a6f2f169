import * as v from 'valibot'
import { ApiError, refused } from './api-error.ts'
import { captureAsked, createOrder } from './payments.ts'
import { createRefund } from './refunds.ts'
import type { Page, Work } from './store.ts'
import { cancel, createPlan, createSubscription, pause, resume, update } from './subscriptions.ts'
import type { Kind } from './wire.ts'

/** One request to Razorpay's API. */
export interface ApiCall {
  work: Work
  /** Of the object that the path names, else empty. */
  id: string
  query: URLSearchParams
  body: unknown
  refundKey: string | null
  refundsPend: boolean
  shortUrl: (subscriptionId: string) => string
}

type Route = (call: ApiCall) => Promise<unknown>

const Amount = v.pipe(v.number(), v.integer(), v.minValue(100, 'The amount must be at least INR 1.00'))
const Currency = v.literal('INR', 'The currency must be INR')
const Notes = v.optional(
  v.union([
    v.pipe(
      v.record(v.string(), v.union([v.string(), v.number()])),
      v.check(
        (notes) => Object.keys(notes).length <= 15,
        'Number of fields in notes should be less than or equal to 15',
      ),
    ),
    v.pipe(
      v.array(v.never()),
      v.transform((): [] => []),
    ),
  ]),
  () => [] as [],
)
const Minutes = v.pipe(v.number(), v.integer(), v.minValue(12))

const NewOrder = v.object({
  amount: Amount,
  currency: Currency,
  receipt: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(40))), null),
  notes: Notes,
  payment: v.optional(
    v.object({
      capture: v.picklist(['automatic', 'manual']),
      capture_options: v.optional(v.object({ automatic_expiry_period: v.optional(Minutes, 5 * 1440) }), {}),
    }),
  ),
})
const Capture = v.object({ amount: Amount, currency: v.optional(Currency, 'INR') })
const NewRefund = v.object({
  amount: v.optional(v.nullable(Amount), null),
  notes: Notes,
  receipt: v.optional(v.nullable(v.string()), null),
  speed: v.optional(v.picklist(['normal', 'optimum']), 'normal'),
})
const NewPlan = v.object({
  period: v.picklist(['monthly', 'yearly']),
  interval: v.literal(1),
  item: v.object({ name: v.pipe(v.string(), v.minLength(1)), amount: Amount, currency: Currency }),
  notes: Notes,
})
const NewSubscription = v.object({
  plan_id: v.string(),
  total_count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1200)),
  start_at: v.optional(v.nullable(v.pipe(v.number(), v.integer())), null),
  addons: v.optional(
    v.array(v.object({ item: v.object({ name: v.string(), amount: Amount, currency: Currency }) })),
    [],
  ),
  notes: Notes,
})
const Update = v.object({
  plan_id: v.string(),
  schedule_change_at: v.optional(v.picklist(['now', 'cycle_end']), 'now'),
})
const Cancel = v.object({
  cancel_at_cycle_end: v.optional(v.union([v.boolean(), v.literal(0), v.literal(1)]), false),
})

/** @throws ApiError 400, with the field */
export function read<Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body)
  if (result.success) return result.output
  const [issue] = result.issues
  throw refused(issue.message, v.getDotPath(issue))
}

function pageOf(query: URLSearchParams): Page {
  const number = (name: string, standard: number) => {
    const text = query.get(name)
    if (text === null) return standard
    if (!/^\d{1,12}$/.test(text)) throw refused(`The ${name} must be an integer`, name)
    return Number(text)
  }
  const count = number('count', 10)
  if (count < 1 || count > 100) throw refused('The count must be between 1 and 100', 'count')
  const to = number('to', Number.MAX_SAFE_INTEGER)
  return { from: number('from', 0), to, count, skip: number('skip', 0) }
}

const wires = (kept: readonly { wire: object }[]) => ({
  entity: 'collection',
  count: kept.length,
  items: kept.map(({ wire }) => wire),
})

const one =
  (kind: Kind): Route =>
  async ({ work, id }) =>
    (await work.get(kind, id)).wire

const list =
  (kind: Kind, by?: 'receipt' | 'subscription_id'): Route =>
  async ({ work, query }) => {
    const value = by && query.get(by)
    return wires(await work.page(kind, pageOf(query), by && value ? { field: by, value } : undefined))
  }

const ofObject =
  (kind: Kind, others: Kind, field: 'order_id' | 'payment_id'): Route =>
  async ({ work, id, query }) => {
    await work.get(kind, id)
    return wires(await work.page(others, pageOf(query), { field, value: id }))
  }

export const routes: Readonly<Record<string, Route>> = {
  'POST /orders': async ({ work, body }) => {
    const { payment, ...draft } = read(NewOrder, body)
    const seconds = (payment?.capture_options.automatic_expiry_period ?? 5 * 1440) * 60
    return (await createOrder(work, { ...draft, captures: payment?.capture !== 'manual', captureSeconds: seconds }))
      .wire
  },
  'GET /orders': list('order', 'receipt'),
  'GET /orders/{id}': one('order'),
  'GET /orders/{id}/payments': ofObject('order', 'payment', 'order_id'),
  'GET /payments': list('payment'),
  'GET /payments/{id}': one('payment'),
  'POST /payments/{id}/capture': ({ work, id, body }) => {
    const { amount, currency } = read(Capture, body)
    return captureAsked(work, id, amount, currency)
  },
  'POST /payments/{id}/refund': ({ work, id, body, refundKey, refundsPend }) => {
    const { amount, notes, receipt } = read(NewRefund, body)
    return createRefund(work, { paymentId: id, amount, notes, receipt, key: refundKey, isInstant: !refundsPend })
  },
  'GET /payments/{id}/refunds': ofObject('payment', 'refund', 'payment_id'),
  'GET /refunds': list('refund'),
  'GET /refunds/{id}': one('refund'),
  'POST /plans': ({ work, body }) => {
    const { item, ...plan } = read(NewPlan, body)
    return createPlan(work, { ...plan, ...item })
  },
  'GET /plans': list('plan'),
  'GET /plans/{id}': one('plan'),
  'POST /subscriptions': ({ work, body, shortUrl }) => {
    const draft = read(NewSubscription, body)
    return createSubscription(work, {
      planId: draft.plan_id,
      totalCount: draft.total_count,
      startAt: draft.start_at,
      upfrontPaise: draft.addons.reduce((sum, { item }) => sum + item.amount, 0),
      notes: draft.notes,
      shortUrl,
    })
  },
  'GET /subscriptions': list('subscription'),
  'GET /subscriptions/{id}': one('subscription'),
  'PATCH /subscriptions/{id}': ({ work, id, body }) => {
    const change = read(Update, body)
    return update(work, id, { planId: change.plan_id, when: change.schedule_change_at })
  },
  'POST /subscriptions/{id}/cancel': ({ work, id, body }) =>
    cancel(work, id, Boolean(read(Cancel, body).cancel_at_cycle_end)),
  'POST /subscriptions/{id}/pause': ({ work, id }) => pause(work, id),
  'POST /subscriptions/{id}/resume': ({ work, id }) => resume(work, id),
  'GET /invoices': list('invoice', 'subscription_id'),
  'GET /invoices/{id}': one('invoice'),
  'GET /settlements': list('settlement'),
  'GET /settlements/{id}': one('settlement'),
  'GET /disputes': list('dispute'),
  'GET /disputes/{id}': one('dispute'),
}

/** @throws ApiError when nothing is there */
export function findRoute<Found>(all: Readonly<Record<string, Found>>, method: string, path: string) {
  let id = ''
  const name = path.replace(/(?<=\/)[a-z]+_[A-Za-z0-9]{14}(?=\/|$)/, (found) => {
    id = found
    return '{id}'
  })
  const route = `${method} ${name}`
  if (!Object.hasOwn(all, route)) throw new ApiError(404, 'The requested URL was not found on the server.')
  return { route: all[route] as Found, id }
}
