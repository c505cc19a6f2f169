import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createPayingCustomer, newsOf, type PayingCustomer } from '../../../../tests/setup/billing-payments.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import type { Database } from '../../../platform/database/index.ts'
import type { Sql } from '../../sql.ts'
import type { BillingEffects } from '../effects.ts'
import type { GatewayEvent } from '../gateway.ts'
import { checkInvariants } from '../ledger/invariants.ts'
import type { OrderRow } from '../orders/rows.ts'
import { applyEvent } from '../webhooks/apply-event.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let customer: PayingCustomer
let order: OrderRow

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(1)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  customer = await createPayingCustomer(database, owner)
  order = await customer.order()
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** What the gateway tells in each life cycle, in the order in which it happens. */
const lifeCycles: Record<string, (of: ReturnType<typeof newsOf>) => GatewayEvent[]> = {
  'authorized, captured, and the order paid': ({ event, payment, order: ordered }) => [
    event('payment.authorized', payment('authorized')),
    event('payment.captured', payment('captured')),
    event('order.paid', ordered('paid'), payment('captured')),
  ],
  'failed, authorized late, and captured': ({ event, payment, order: ordered }) => [
    event('payment.failed', payment('failed')),
    event('payment.authorized', payment('authorized')),
    event('payment.captured', payment('captured')),
    event('order.paid', ordered('paid'), payment('captured')),
  ],
  'captured, and its fee known only later': ({ event, payment }) => [
    event('payment.captured', payment('captured', { feePaise: null, feeTaxPaise: null })),
    event('order.paid', payment('captured')),
  ],
  'authorized and never captured': ({ event, payment, amountPaise }) => [
    event('payment.authorized', payment('authorized')),
    event('payment.refunded', payment('refunded', { refundedPaise: amountPaise, feePaise: null, feeTaxPaise: null })),
  ],
  'paid back in two parts': ({ event, payment, refund, amountPaise }) => [
    event('payment.captured', payment('captured')),
    event('refund.created', payment('captured', { refundedPaise: 100_001 }), refund('rfnd_1', 'pending', 100_001)),
    event('refund.processed', payment('captured', { refundedPaise: 100_001 }), refund('rfnd_1', 'processed', 100_001)),
    event(
      'refund.processed',
      payment('refunded', { refundedPaise: amountPaise }),
      refund('rfnd_2', 'processed', amountPaise - 100_001),
    ),
  ],
  'paid back, told without its payment': ({ event, payment, refund, amountPaise }) => [
    event('payment.authorized', payment('authorized')),
    event('payment.captured', payment('captured')),
    event('refund.created', refund('rfnd_1', 'pending', amountPaise)),
    event('refund.processed', refund('rfnd_1', 'processed', amountPaise)),
  ],
  'a refund that failed, and another that did not': ({ event, payment, refund, amountPaise }) => [
    event('payment.captured', payment('captured')),
    event(
      'refund.created',
      payment('captured', { refundedPaise: amountPaise }),
      refund('rfnd_1', 'pending', amountPaise),
    ),
    event('refund.failed', payment('captured'), refund('rfnd_1', 'failed', amountPaise)),
    event('refund.processed', payment('captured', { refundedPaise: 5_000 }), refund('rfnd_2', 'processed', 5_000)),
  ],
  'a dispute that is won': ({ event, payment, dispute, amountPaise }) => [
    event('payment.captured', payment('captured')),
    event('payment.dispute.created', payment('captured'), dispute('open', amountPaise)),
    event('payment.dispute.under_review', payment('captured'), dispute('under_review', amountPaise)),
    event('payment.dispute.won', dispute('won', amountPaise)),
  ],
  'a dispute that is lost, deducted only then': ({ event, payment, dispute, amountPaise }) => [
    event('payment.captured', payment('captured')),
    event('payment.dispute.created', dispute('open', 0)),
    event('payment.dispute.action_required', payment('captured'), dispute('action_required', 0)),
    event('payment.dispute.lost', payment('captured'), dispute('lost', amountPaise)),
  ],
}

/** Applies events as they come; those of what isn't known yet again, as the schedule that follows up does. */
async function deliver(effects: BillingEffects, events: readonly GatewayEvent[]): Promise<void> {
  let waiting: GatewayEvent[] = []
  for (const event of events) {
    if ((await applyEvent(effects, customer.orgId, event)) === 'unmatched') waiting.push(event)
  }
  while (waiting.length > 0) {
    const before = waiting.length
    const still: GatewayEvent[] = []
    for (const event of waiting) {
      if ((await applyEvent(effects, customer.orgId, event)) === 'unmatched') still.push(event)
    }
    waiting = still
    if (waiting.length === before) throw new Error('an event is never matched')
  }
}

/** All rows that an order of things could show in, without ids of ours. */
async function rowsOf(sql: Sql) {
  const read = {
    orders: sql`select status, fulfilled_at, payment_id is null as unpaid from orders`,
    payments: sql`
      select gateway_payment_id, status, refunded_paise, fee_paise, fee_tax_paise, purpose, method, error_code, captured_at,
        gateway_order_id, order_id
      from payments`,
    refunds: sql`select gateway_refund_id, status, amount_paise, purpose, processed_at from refunds order by 1`,
    disputes: sql`select status, deducted_paise from disputes`,
    invoices: sql`select kind, status, total_paise from invoices order by 1, 3`,
    subscriptions: sql`select status, current_period_start, current_period_end from subscriptions`,
    entitlements: sql`select plan_id, seats, until from entitlements`,
    postings: sql`
      select regexp_replace(source, '[0-9a-f-]{36}', 'id') as source, kind from ledger_transactions order by 1`,
    balances: sql`select account, balance_paise from ledger_balances order by 1`,
    differences: sql`select kind, subject from billing_differences where status = 'open' order by 1, 2`,
  }
  const rows: Record<string, unknown[]> = {}
  for (const [name, query] of Object.entries(read)) rows[name] = [...(await query)]
  return rows
}

/** The rows that these events end in, after which everything is as it was. */
function endOf(events: readonly GatewayEvent[]) {
  return customer.tryOut(async (effects) => {
    await deliver(effects, events)
    return rowsOf(effects.sql)
  })
}

function brokenAfter(events: readonly GatewayEvent[]) {
  return customer.tryOut(async (effects) => {
    await deliver(effects, events)
    await effects.sql`select set_config('app.system', 'on', true)`
    return (await checkInvariants(effects.sql, effects.now)).filter(({ holds }) => !holds)
  })
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length < 2) return yield [...items]
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}

describe.each(Object.entries(lifeCycles))('%s', (_name, tell) => {
  test('ends in the same rows in whatever order it is told', async () => {
    const events = tell(newsOf(order))
    const expected = await endOf(events)
    for (const permutation of permutations(events)) {
      expect(await endOf(permutation), permutation.map(({ type }) => type).join(', ')).toEqual(expected)
    }
  })

  test('ends in the same rows however often each part is told', async () => {
    const events = tell(newsOf(order))
    const expected = await endOf(events)
    const often = fc
      .tuple(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.tuple(fc.nat(events.length - 1), fc.nat(20)), { minLength: 1, maxLength: 5 }),
      )
      .map(([once, again]) =>
        again.reduce((told, [which, where]) => told.toSpliced(where % (told.length + 1), 0, events[which]!), once),
      )
    await fc.assert(
      fc.asyncProperty(often, async (told) => {
        expect(await endOf(told)).toEqual(expected)
      }),
      { numRuns: 4 },
    )
  })
})

test('each life cycle ends as it should, and all that must hold of money holds', async () => {
  const ends: Record<string, unknown> = {}
  for (const [name, tell] of Object.entries(lifeCycles)) {
    const events = tell(newsOf(order))
    expect(await brokenAfter(events), name).toEqual([])
    const { orders, payments, refunds, disputes, invoices, entitlements } = await endOf(events)
    const rows = (some: unknown[] = []) => some as Record<string, unknown>[]
    ends[name] = {
      order: rows(orders)[0]?.status,
      payment: rows(payments)[0]?.status,
      refunds: rows(refunds).map(({ status }) => status),
      dispute: rows(disputes)[0]?.status ?? null,
      invoices: rows(invoices).map(({ kind, status }) => `${kind} ${status}`),
      plan: rows(entitlements)[0]?.plan_id ?? null,
    }
  }
  const sold = {
    order: 'paid',
    payment: 'captured',
    refunds: [],
    dispute: null,
    invoices: ['invoice final'],
    plan: 'team',
  }
  expect(ends).toEqual({
    'authorized, captured, and the order paid': sold,
    'failed, authorized late, and captured': sold,
    'captured, and its fee known only later': sold,
    'authorized and never captured': { ...sold, order: 'attempted', payment: 'refunded', invoices: [], plan: null },
    'paid back in two parts': {
      ...sold,
      payment: 'refunded',
      refunds: ['processed', 'processed'],
      invoices: ['credit_note final', 'credit_note final', 'invoice void'],
    },
    'paid back, told without its payment': {
      ...sold,
      payment: 'refunded',
      refunds: ['processed'],
      invoices: ['credit_note final', 'invoice void'],
    },
    'a refund that failed, and another that did not': {
      ...sold,
      payment: 'partially_refunded',
      refunds: ['failed', 'processed'],
      invoices: ['credit_note final', 'invoice final'],
    },
    'a dispute that is won': { ...sold, dispute: 'won' },
    'a dispute that is lost, deducted only then': { ...sold, dispute: 'lost' },
  })
})
