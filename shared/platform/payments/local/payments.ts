import { refused } from './api-error.ts'
import type { Work } from './store.ts'
import type { Kept, Notes, WireInvoice, WirePayment } from './wire.ts'

/** `captured`: as the order says. `authorized`: never by itself. */
export type Outcome = 'captured' | 'authorized' | 'failed'
export type Method = 'card' | 'upi' | 'netbanking' | 'emandate'

/** Two per cent, and 18 % tax on that; `fee` is with the tax. */
function feeOf(amount: number): { fee: number; tax: number } {
  const base = Math.round(amount / 50)
  const tax = Math.round((base * 18) / 100)
  return { fee: base + tax, tax }
}

export async function createOrder(
  work: Work,
  draft: {
    amount: number
    currency: string
    receipt: string | null
    notes: Notes
    captures: boolean
    captureSeconds: number
  },
): Promise<Kept<'order'>> {
  const order: Kept<'order'> = {
    wire: {
      id: work.newId('order'),
      entity: 'order',
      amount: draft.amount,
      amount_paid: 0,
      amount_due: draft.amount,
      currency: draft.currency,
      receipt: draft.receipt,
      offer_id: null,
      status: 'created',
      attempts: 0,
      notes: draft.notes,
      created_at: work.now,
    },
    inside: { captures: draft.captures, captureSeconds: draft.captureSeconds },
  }
  await work.put('order', order)
  return order
}

export async function newPayment(
  work: Work,
  of: { amount: number; currency: string; orderId: string | null; invoiceId: string | null; method: Method },
): Promise<Kept<'payment'>> {
  const payment: Kept<'payment'> = {
    wire: {
      id: work.newId('payment'),
      entity: 'payment',
      amount: of.amount,
      currency: of.currency,
      status: 'created',
      order_id: of.orderId,
      invoice_id: of.invoiceId,
      international: false,
      method: of.method,
      amount_refunded: 0,
      refund_status: null,
      captured: false,
      description: null,
      card_id: of.method === 'card' ? 'card_LocalGateway01' : null,
      bank: null,
      wallet: null,
      vpa: of.method === 'upi' ? 'someone@upi' : null,
      email: 'customer@example.org',
      contact: '+919999999999',
      notes: [],
      fee: null,
      tax: null,
      error_code: null,
      error_description: null,
      error_source: null,
      error_step: null,
      error_reason: null,
      created_at: work.now,
    },
    inside: { settled: false },
  }
  await work.put('payment', payment)
  return payment
}

/**
 * Somebody pays an order at the checkout.
 * @param options.evenIfPaid - as happens when two payments of one order were under way at once.
 */
export async function payOrder(
  work: Work,
  orderId: string,
  options: { outcome: Outcome; method: Method; evenIfPaid?: boolean; amount?: number },
): Promise<WirePayment> {
  const order = await work.get('order', orderId)
  if (order.wire.status === 'paid' && !options.evenIfPaid) throw refused('Payment already done for this order.')
  const { amount: due, currency } = order.wire
  const { method, amount = due } = options
  const payment = await newPayment(work, { amount, currency, orderId, invoiceId: null, method })
  order.wire.attempts += 1
  if (order.wire.status === 'created') order.wire.status = 'attempted'
  await work.put('order', order)
  if (options.outcome === 'failed') await fail(work, payment)
  else await authorize(work, payment, options.outcome === 'captured' && order.inside.captures)
  return payment.wire
}

export async function fail(work: Work, payment: Kept<'payment'>): Promise<void> {
  Object.assign(payment.wire, {
    status: 'failed',
    error_code: 'BAD_REQUEST_ERROR',
    error_description: "Your payment didn't go through as it was declined by the bank. Try another payment method.",
    error_source: 'bank',
    error_step: 'payment_authorization',
    error_reason: 'payment_failed',
  } satisfies Partial<WirePayment>)
  await work.put('payment', payment)
  await work.emit('payment.failed', { payment: payment.wire })
}

export async function authorize(work: Work, payment: Kept<'payment'>, captures: boolean): Promise<void> {
  Object.assign(payment.wire, {
    status: 'authorized',
    error_code: null,
    error_description: null,
    error_source: null,
    error_step: null,
    error_reason: null,
  } satisfies Partial<WirePayment>)
  await work.put('payment', payment)
  await work.emit('payment.authorized', { payment: payment.wire })
  if (captures) await capture(work, payment)
}

/** The bank said no, or nothing, and says yes later; captured by itself only soon after the order. */
export async function authorizeLate(work: Work, paymentId: string): Promise<WirePayment> {
  const payment = await work.get('payment', paymentId)
  if (payment.wire.status !== 'failed') throw refused('Only a failed payment is authorized late')
  const order = payment.wire.order_id === null ? null : await work.get('order', payment.wire.order_id)
  const isSoon = order !== null && work.now - payment.wire.created_at <= order.inside.captureSeconds
  await authorize(work, payment, isSoon && order.inside.captures)
  return payment.wire
}

/** What the merchant's capture asks for, and what happens by itself. */
export async function capture(work: Work, payment: Kept<'payment'>): Promise<void> {
  Object.assign(payment.wire, { status: 'captured', captured: true, ...feeOf(payment.wire.amount) })
  await work.put('payment', payment)
  await work.emit('payment.captured', { payment: payment.wire })
  if (payment.wire.order_id === null) return
  const order = await work.get('order', payment.wire.order_id)
  order.wire.amount_paid = Math.min(order.wire.amount, order.wire.amount_paid + payment.wire.amount)
  order.wire.amount_due = order.wire.amount - order.wire.amount_paid
  if (order.wire.amount_due === 0) order.wire.status = 'paid'
  await work.put('order', order)
  if (order.wire.status === 'paid') await work.emit('order.paid', { payment: payment.wire, order: order.wire })
}

export async function captureAsked(work: Work, id: string, amount: number, currency: string): Promise<WirePayment> {
  const payment = await work.get('payment', id)
  if (payment.wire.captured) throw refused('This payment has already been captured')
  if (payment.wire.status !== 'authorized') {
    throw refused('Only payments which have been authorized and not yet captured can be captured')
  }
  if (amount !== payment.wire.amount || currency !== payment.wire.currency) {
    throw refused('Capture amount must be equal to the amount authorized', 'amount')
  }
  await capture(work, payment)
  return payment.wire
}

/** An invoice of a subscription with its order; it is paid by `settleInvoice`. */
export async function issueInvoice(
  work: Work,
  of: Pick<WireInvoice, 'subscription_id' | 'customer_id' | 'amount' | 'billing_start' | 'billing_end' | 'line_items'>,
): Promise<Kept<'invoice'>> {
  const order = await createOrder(work, {
    amount: of.amount,
    currency: 'INR',
    receipt: null,
    notes: [],
    captures: true,
    captureSeconds: 0,
  })
  const invoice: Kept<'invoice'> = {
    wire: {
      ...of,
      id: work.newId('invoice'),
      entity: 'invoice',
      type: 'invoice',
      order_id: order.wire.id,
      payment_id: null,
      status: 'issued',
      amount_paid: 0,
      amount_due: of.amount,
      currency: 'INR',
      issued_at: work.now,
      paid_at: null,
      created_at: work.now,
    },
    inside: {},
  }
  await work.put('invoice', invoice)
  return invoice
}

/** Charges the customer of an invoice. */
export async function chargeInvoice(
  work: Work,
  invoice: Kept<'invoice'>,
  options: { method: Method; succeeds: boolean },
): Promise<WirePayment> {
  const { amount, currency, order_id: orderId, id: invoiceId } = invoice.wire
  const payment = await newPayment(work, { amount, currency, orderId, invoiceId, method: options.method })
  if (!options.succeeds) {
    await fail(work, payment)
    return payment.wire
  }
  await authorize(work, payment, true)
  Object.assign(invoice.wire, {
    status: 'paid',
    payment_id: payment.wire.id,
    amount_paid: amount,
    amount_due: 0,
    paid_at: work.now,
  } satisfies Partial<WireInvoice>)
  await work.put('invoice', invoice)
  const { wire: order } = await work.get('order', orderId)
  await work.emit('invoice.paid', { payment: payment.wire, order, invoice: invoice.wire })
  return payment.wire
}
