import * as v from 'valibot'
import { AppError } from '../errors.ts'
import type {
  DisputeSnapshot,
  GatewayEvent,
  GatewayInvoiceSnapshot,
  OrderSnapshot,
  PaymentSnapshot,
  RefundSnapshot,
  SettlementSnapshot,
  SubscriptionSnapshot,
} from './gateway.ts'
import { Paise } from './money.ts'

/*
 * Razorpay's wire format (https://razorpay.com/docs/api, https://razorpay.com/docs/webhooks/payloads), read into our
 * snapshots. Fields that we don't use may be there, absent or new; those that we use must be what they are said to be.
 */

const GatewayId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,100}$/))
/** Seconds since 1970; up to the year 9999, so that each makes a date. */
const Moment = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(253_402_300_799),
  v.transform((seconds) => new Date(seconds * 1000)),
)
const Currency = v.pipe(v.string(), v.regex(/^[A-Z]{3}$/))
const absent = <Schema extends v.GenericSchema>(schema: Schema) => v.optional(v.nullable(schema), null)
/** `null`, absent or empty: nothing. */
const Text = v.pipe(
  absent(v.string()),
  v.transform((text) => text || null),
)
/** An object, or `[]` where there are none. */
const Notes = v.pipe(
  v.optional(v.union([v.record(v.string(), v.unknown()), v.array(v.unknown())]), {}),
  v.transform((notes): Record<string, unknown> => (Array.isArray(notes) ? {} : notes)),
)

const Order = v.object({
  id: GatewayId,
  receipt: Text,
  amount: Paise,
  amount_paid: Paise,
  currency: Currency,
  status: v.picklist(['created', 'attempted', 'paid']),
  created_at: Moment,
})

const Payment = v.object({
  id: GatewayId,
  order_id: absent(GatewayId),
  invoice_id: absent(GatewayId),
  status: v.picklist(['created', 'authorized', 'captured', 'refunded', 'failed']),
  amount: Paise,
  amount_refunded: v.optional(v.nullable(Paise), 0),
  currency: Currency,
  fee: absent(Paise),
  tax: absent(Paise),
  method: Text,
  error_code: Text,
  error_description: Text,
  created_at: Moment,
})

/** The note by which a refund names ours. */
export const refundIdNote = 'refund_id'

const Refund = v.object({
  id: GatewayId,
  payment_id: GatewayId,
  amount: Paise,
  currency: Currency,
  status: v.picklist(['pending', 'processed', 'failed']),
  notes: Notes,
  created_at: Moment,
})

const Dispute = v.object({
  id: GatewayId,
  payment_id: GatewayId,
  amount: Paise,
  amount_deducted: v.optional(v.nullable(Paise), 0),
  currency: Currency,
  status: v.picklist(['open', 'under_review', 'action_required', 'closed', 'won', 'lost']),
  reason_code: Text,
  respond_by: absent(Moment),
  created_at: Moment,
})

const Subscription = v.object({
  id: GatewayId,
  plan_id: GatewayId,
  status: v.picklist([
    'created',
    'authenticated',
    'active',
    'pending',
    'halted',
    'paused',
    'cancelled',
    'completed',
    'expired',
  ]),
  paid_count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  total_count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  current_start: absent(Moment),
  current_end: absent(Moment),
  charge_at: absent(Moment),
  start_at: absent(Moment),
  ended_at: absent(Moment),
  payment_method: Text,
  short_url: Text,
  created_at: Moment,
})

const Invoice = v.object({
  id: GatewayId,
  subscription_id: absent(GatewayId),
  payment_id: absent(GatewayId),
  order_id: absent(GatewayId),
  status: v.string(),
  amount: Paise,
  billing_start: absent(Moment),
  billing_end: absent(Moment),
})

const Settlement = v.object({
  id: GatewayId,
  // More was refunded than paid: the gateway takes it back.
  amount: v.pipe(v.number(), v.safeInteger()),
  fees: v.optional(v.nullable(Paise), 0),
  tax: v.optional(v.nullable(Paise), 0),
  status: v.picklist(['created', 'processed', 'failed']),
  utr: Text,
  created_at: Moment,
})

/** What is read from the wire is as it says, or it is refused as a whole. */
function read<Schema extends v.GenericSchema>(what: string, schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  // The place alone: what stands there may be a customer's.
  const details = result.issues.map((issue) => ({
    field: `${what}.${v.getDotPath(issue) ?? ''}`,
    message: `expected ${issue.expected ?? issue.type}`,
  }))
  throw new AppError('VALIDATION_ERROR', `The gateway's ${what} has another form than is known`, details)
}

/** @throws AppError VALIDATION_ERROR, as all of these do */
export function readOrder(value: unknown): OrderSnapshot {
  const wire = read('order', Order, value)
  return {
    id: wire.id,
    receipt: wire.receipt,
    amountPaise: wire.amount,
    paidPaise: wire.amount_paid,
    currency: wire.currency,
    status: wire.status,
    createdAt: wire.created_at,
  }
}

export function readPayment(value: unknown): PaymentSnapshot {
  const wire = read('payment', Payment, value)
  return {
    id: wire.id,
    orderId: wire.order_id,
    invoiceId: wire.invoice_id,
    status: wire.status,
    amountPaise: wire.amount,
    refundedPaise: wire.amount_refunded ?? 0,
    currency: wire.currency,
    feePaise: wire.fee,
    feeTaxPaise: wire.tax,
    method: wire.method,
    errorCode: wire.error_code,
    errorDescription: wire.error_description,
    createdAt: wire.created_at,
  }
}

export function readRefund(value: unknown): RefundSnapshot {
  const wire = read('refund', Refund, value)
  const note = wire.notes[refundIdNote]
  return {
    id: wire.id,
    paymentId: wire.payment_id,
    amountPaise: wire.amount,
    currency: wire.currency,
    status: wire.status,
    // Whoever refunds at the dashboard may write any note.
    ourId: typeof note === 'string' && v.is(v.pipe(v.string(), v.uuid()), note) ? note.toLowerCase() : null,
    createdAt: wire.created_at,
  }
}

export function readDispute(value: unknown): DisputeSnapshot {
  const wire = read('dispute', Dispute, value)
  return {
    id: wire.id,
    paymentId: wire.payment_id,
    amountPaise: wire.amount,
    deductedPaise: wire.amount_deducted ?? 0,
    currency: wire.currency,
    status: wire.status,
    reasonCode: wire.reason_code,
    respondBy: wire.respond_by,
    createdAt: wire.created_at,
  }
}

export function readSubscription(value: unknown): SubscriptionSnapshot {
  const wire = read('subscription', Subscription, value)
  return {
    id: wire.id,
    planId: wire.plan_id,
    status: wire.status,
    paidCount: wire.paid_count,
    totalCount: wire.total_count,
    currentStart: wire.current_start,
    currentEnd: wire.current_end,
    chargeAt: wire.charge_at,
    startAt: wire.start_at,
    endedAt: wire.ended_at,
    paymentMethod: wire.payment_method,
    shortUrl: wire.short_url,
    createdAt: wire.created_at,
  }
}

export function readGatewayInvoice(value: unknown): GatewayInvoiceSnapshot {
  const wire = read('invoice', Invoice, value)
  return {
    id: wire.id,
    subscriptionId: wire.subscription_id,
    paymentId: wire.payment_id,
    orderId: wire.order_id,
    status: wire.status,
    amountPaise: wire.amount,
    billingStart: wire.billing_start,
    billingEnd: wire.billing_end,
  }
}

export function readSettlement(value: unknown): SettlementSnapshot {
  const wire = read('settlement', Settlement, value)
  return {
    id: wire.id,
    amountPaise: wire.amount,
    feesPaise: wire.fees ?? 0,
    taxPaise: wire.tax ?? 0,
    status: wire.status,
    utr: wire.utr,
    createdAt: wire.created_at,
  }
}

const Entity = v.object({ entity: v.unknown() })
const Webhook = v.object({
  event: v.pipe(v.string(), v.regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/), v.maxLength(100)),
  created_at: Moment,
  // `[]` where there is nothing.
  payload: v.optional(v.union([v.record(v.string(), v.unknown()), v.array(v.unknown())]), {}),
})

/** Kinds of which an event tells us something; of all others the type alone is kept. */
const known = /^(payment|order|refund|subscription|invoice|settlement)\./

/**
 * Reads the body of a webhook, whose signature was verified over its bytes.
 *
 * @param id - of its header `x-razorpay-event-id`.
 * @throws AppError VALIDATION_ERROR when it is no event, or tells of something that we know in a form that we don't
 */
export function readWebhook(id: string, body: unknown): GatewayEvent {
  const wire = read('event', Webhook, body)
  const event: GatewayEvent = { id, type: wire.event, occurredAt: wire.created_at }
  if (!known.test(wire.event) || Array.isArray(wire.payload)) return event
  const { payload } = wire
  const of = <Name extends string, Snapshot>(name: Name, toSnapshot: (value: unknown) => Snapshot) =>
    Object.hasOwn(payload, name) && payload[name] !== null
      ? ({ [name]: toSnapshot(read(name, Entity, payload[name]).entity) } as { [Key in Name]: Snapshot })
      : {}
  return {
    ...event,
    ...of('payment', readPayment),
    ...of('order', readOrder),
    ...of('refund', readRefund),
    ...of('dispute', readDispute),
    ...of('subscription', readSubscription),
    ...of('invoice', readGatewayInvoice),
    ...of('settlement', readSettlement),
  }
}
