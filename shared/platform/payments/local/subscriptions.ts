import { refused } from './api-error.ts'
import { cycleStart } from './cycles.ts'
import { authorize, chargeInvoice, issueInvoice, type Method, newPayment } from './payments.ts'
import type { Work } from './store.ts'
import type { Kept, Notes, WirePlan, WireSubscription } from './wire.ts'

type Subscription = Kept<'subscription'>

const retrySeconds = 86_400
/** After so many failures of one charge the subscription is halted. */
const maximumAttempts = 4
/** Taken from a card that authorizes a mandate without paying anything yet, and given back at once. */
const tokenPaise = 500

export async function createPlan(
  work: Work,
  draft: { name: string; amount: number; currency: string; period: WirePlan['period']; interval: number; notes: Notes },
): Promise<WirePlan> {
  const plan: WirePlan = {
    id: work.newId('plan'),
    entity: 'plan',
    interval: draft.interval,
    period: draft.period,
    item: {
      name: draft.name,
      amount: draft.amount,
      unit_amount: draft.amount,
      currency: draft.currency,
      active: true,
    },
    notes: draft.notes,
    created_at: work.now,
  }
  await work.put('plan', { wire: plan, inside: {} })
  return plan
}

export async function createSubscription(
  work: Work,
  draft: {
    planId: string
    totalCount: number
    startAt: number | null
    upfrontPaise: number
    notes: Notes
    shortUrl: (id: string) => string
  },
): Promise<WireSubscription> {
  const { wire: plan } = await work.get('plan', draft.planId)
  if (draft.startAt !== null && draft.startAt <= work.now) throw refused('start_at must be in the future', 'start_at')
  const id = work.newId('subscription')
  const wire: WireSubscription = {
    id,
    entity: 'subscription',
    plan_id: plan.id,
    customer_id: null,
    status: 'created',
    current_start: null,
    current_end: null,
    ended_at: null,
    quantity: 1,
    notes: draft.notes,
    charge_at: draft.startAt,
    start_at: draft.startAt,
    end_at: draft.startAt === null ? null : cycleStart(draft.startAt, plan.period, draft.totalCount),
    auth_attempts: 0,
    total_count: draft.totalCount,
    paid_count: 0,
    remaining_count: draft.totalCount,
    customer_notify: true,
    created_at: work.now,
    expire_by: null,
    short_url: draft.shortUrl(id),
    has_scheduled_changes: false,
    change_scheduled_at: null,
    source: 'api',
    payment_method: null,
  }
  const inside: Subscription['inside'] = {
    upfrontPaise: draft.upfrontPaise,
    anchor: draft.startAt ?? work.now,
    cycles: 0,
    failedAttempts: 0,
    openInvoiceId: null,
    nextPlanId: null,
    cancelsAtEnd: false,
    beforePause: 'authenticated',
  }
  await work.put('subscription', { wire, inside })
  return wire
}

/** The customer authorizes the mandate, and pays what is due with that. */
export async function authorizeMandate(
  work: Work,
  id: string,
  options: { method: Method; succeeds: boolean },
): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (wire.status !== 'created') throw refused(`Subscription is in ${wire.status} status`)
  wire.auth_attempts += 1
  const { wire: plan } = await work.get('plan', wire.plan_id)
  const isAtOnce = wire.start_at === null || wire.start_at <= work.now
  const amount = inside.upfrontPaise + (isAtOnce ? plan.item.amount : 0)
  if (isAtOnce) inside.anchor = work.now
  if (!options.succeeds) {
    const draft = { amount: amount || tokenPaise, currency: 'INR', orderId: null, invoiceId: null }
    const payment = await newPayment(work, { ...draft, method: options.method })
    payment.wire.status = 'failed'
    payment.wire.error_code = 'BAD_REQUEST_ERROR'
    payment.wire.error_description = 'The mandate was not authorized.'
    await work.put('payment', payment)
    await work.put('subscription', subscription)
    await work.emit('payment.failed', { payment: payment.wire })
    return wire
  }
  wire.customer_id = work.newId('customer')
  wire.payment_method = options.method
  wire.status = 'authenticated'
  if (amount > 0) {
    const end = cycleStart(inside.anchor, plan.period, 1)
    const invoice = await issueInvoice(work, {
      subscription_id: id,
      customer_id: wire.customer_id,
      amount,
      billing_start: isAtOnce ? inside.anchor : null,
      billing_end: isAtOnce ? end : null,
      line_items: [{ name: isAtOnce ? plan.item.name : 'Upfront amount', amount, currency: 'INR', quantity: 1 }],
    })
    await work.put('subscription', subscription)
    const payment = await chargeInvoice(work, invoice, { method: options.method, succeeds: true })
    await work.emit('subscription.authenticated', { subscription: wire })
    if (isAtOnce) {
      wire.start_at = inside.anchor
      wire.end_at = cycleStart(inside.anchor, plan.period, wire.total_count)
      await beginCycle(work, subscription, plan, payment)
    }
    return wire
  }
  await work.put('subscription', subscription)
  if (options.method === 'card') await takeToken(work)
  await work.emit('subscription.authenticated', { subscription: wire })
  return wire
}

async function takeToken(work: Work): Promise<void> {
  const draft = { amount: tokenPaise, currency: 'INR', orderId: null, invoiceId: null, method: 'card' as const }
  const payment = await newPayment(work, draft)
  await authorize(work, payment, false)
  Object.assign(payment.wire, { status: 'refunded', amount_refunded: tokenPaise, refund_status: 'full' })
  await work.put('payment', payment)
}

/** A charge went through: its cycle begins. */
async function beginCycle(
  work: Work,
  subscription: Subscription,
  plan: WirePlan,
  payment: Kept<'payment'>['wire'],
): Promise<void> {
  const { wire, inside } = subscription
  const wasActive = wire.status === 'active'
  wire.current_start = cycleStart(inside.anchor, plan.period, inside.cycles)
  inside.cycles += 1
  wire.current_end = cycleStart(inside.anchor, plan.period, inside.cycles)
  wire.charge_at = wire.current_end
  wire.paid_count += 1
  wire.remaining_count = wire.total_count - wire.paid_count
  wire.status = 'active'
  inside.failedAttempts = 0
  inside.openInvoiceId = null
  const isLast = wire.remaining_count === 0
  if (isLast) wire.charge_at = null
  await work.put('subscription', subscription)
  if (!wasActive) await work.emit('subscription.activated', { subscription: wire })
  await work.emit('subscription.charged', { subscription: wire, payment })
  if (isLast) await end(work, subscription, 'completed', payment)
}

/** The next charge, whether or not it is due: of a new cycle, or once more of the one that failed. */
export async function charge(work: Work, id: string, options: { succeeds: boolean }): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (!['authenticated', 'active', 'pending', 'halted'].includes(wire.status)) {
    throw refused(`Subscription is in ${wire.status} status`)
  }
  if (inside.cancelsAtEnd) {
    await end(work, subscription, 'cancelled')
    return wire
  }
  if (inside.nextPlanId !== null) {
    wire.plan_id = inside.nextPlanId
    inside.nextPlanId = null
    wire.has_scheduled_changes = false
    wire.change_scheduled_at = null
  }
  const { wire: plan } = await work.get('plan', wire.plan_id)
  const invoice =
    inside.openInvoiceId === null
      ? await issueInvoice(work, {
          subscription_id: id,
          customer_id: wire.customer_id,
          amount: plan.item.amount,
          billing_start: cycleStart(inside.anchor, plan.period, inside.cycles),
          billing_end: cycleStart(inside.anchor, plan.period, inside.cycles + 1),
          line_items: [{ name: plan.item.name, amount: plan.item.amount, currency: 'INR', quantity: 1 }],
        })
      : await work.get('invoice', inside.openInvoiceId)
  const method = (wire.payment_method ?? 'card') as Method
  const payment = await chargeInvoice(work, invoice, { method, succeeds: options.succeeds })
  if (options.succeeds) {
    await beginCycle(work, subscription, plan, payment)
    return wire
  }
  inside.openInvoiceId = invoice.wire.id
  if (wire.status === 'halted') return wire
  inside.failedAttempts += 1
  wire.auth_attempts += 1
  const isHalted = inside.failedAttempts >= maximumAttempts
  wire.status = isHalted ? 'halted' : 'pending'
  wire.charge_at = isHalted ? null : work.now + retrySeconds
  await work.put('subscription', subscription)
  await work.emit(`subscription.${wire.status}`, { subscription: wire, payment })
  return wire
}

/** All repetitions of a failed charge have failed. */
export async function halt(work: Work, id: string): Promise<WireSubscription> {
  let { wire } = await work.get('subscription', id)
  while (wire.status !== 'halted') wire = await charge(work, id, { succeeds: false })
  return wire
}

async function end(
  work: Work,
  subscription: Subscription,
  status: 'cancelled' | 'completed' | 'expired',
  payment?: Kept<'payment'>['wire'],
): Promise<void> {
  const { wire, inside } = subscription
  Object.assign(wire, { status, ended_at: work.now, charge_at: null } satisfies Partial<WireSubscription>)
  inside.cancelsAtEnd = false
  await work.put('subscription', subscription)
  await work.emit(`subscription.${status}`, { subscription: wire, ...(payment && { payment }) })
}

export async function cancel(work: Work, id: string, atCycleEnd: boolean): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (wire.ended_at !== null) throw refused(`Subscription is not cancellable in ${wire.status} status.`)
  if (!atCycleEnd) {
    await end(work, subscription, 'cancelled')
    return wire
  }
  if (wire.current_end === null) {
    throw refused('Subscription cannot be cancelled since no billing cycle is going on')
  }
  inside.cancelsAtEnd = true
  await work.put('subscription', subscription)
  return wire
}

/** Nobody authorized it in time. */
export async function expire(work: Work, id: string): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  if (subscription.wire.status !== 'created') throw refused('Only a subscription that was not authorized expires')
  await end(work, subscription, 'expired')
  return subscription.wire
}

export async function pause(work: Work, id: string): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (wire.status !== 'active' && wire.status !== 'authenticated') {
    throw refused(`Subscription cannot be paused in ${wire.status} status`)
  }
  inside.beforePause = wire.status
  wire.status = 'paused'
  wire.charge_at = null
  await work.put('subscription', subscription)
  await work.emit('subscription.paused', { subscription: wire })
  return wire
}

/** Goes on; time that was not paid for is not charged, a new cycle begins instead. */
export async function resume(work: Work, id: string): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (wire.status !== 'paused') throw refused(`Subscription cannot be resumed in ${wire.status} status`)
  wire.status = inside.beforePause
  const due = wire.current_end ?? wire.start_at ?? work.now
  if (due < work.now) {
    inside.anchor = work.now
    inside.cycles = 0
  }
  wire.charge_at = Math.max(due, work.now)
  await work.put('subscription', subscription)
  await work.emit('subscription.resumed', { subscription: wire })
  return wire
}

export async function update(
  work: Work,
  id: string,
  change: { planId: string; when: 'now' | 'cycle_end' },
): Promise<WireSubscription> {
  const subscription = await work.get('subscription', id)
  const { wire, inside } = subscription
  if (wire.status !== 'active' && wire.status !== 'authenticated') {
    throw refused(`Subscription cannot be updated in ${wire.status} status`)
  }
  if (wire.payment_method === 'upi' || wire.payment_method === 'emandate') {
    throw refused(`Subscriptions cannot be updated when payment mode is ${wire.payment_method}`)
  }
  await work.get('plan', change.planId)
  if (change.when === 'now' || wire.current_end === null) wire.plan_id = change.planId
  else {
    inside.nextPlanId = change.planId
    wire.has_scheduled_changes = true
    wire.change_scheduled_at = wire.current_end
  }
  await work.put('subscription', subscription)
  await work.emit('subscription.updated', { subscription: wire })
  return wire
}

/** Charges whatever is due by now, and ends what was to end. */
export async function chargeDue(work: Work): Promise<void> {
  // Whoever was away for months is charged for each.
  for (const { wire } of await work.all('subscription')) {
    let due: WireSubscription = wire
    while (due.charge_at !== null && due.charge_at <= work.now && due.status !== 'created') {
      due = await charge(work, due.id, { succeeds: true })
    }
  }
}
