import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { startTestGateway, type TestGateway } from '../../../../tests/setup/gateway.ts'
import { createSubscriber, type Subscriber } from '../../../../tests/setup/subscriptions.ts'
import { type Database, system } from '../../../platform/database/index.ts'
import type { Sql } from '../../sql.ts'
import type { GatewayEvent } from '../gateway.ts'
import { dayOfMonth, endOfPeriod } from '../proration/days.ts'
import { quote } from '../quotes/quote.ts'
import { applyEvent } from '../webhooks/apply-event.ts'
import { beginByMandate, chargesOf, firstCharge } from './begin-by-mandate.ts'
import { findLive } from './rows.ts'

const india = (text: string) => new Date(`${text}+05:30`)
const start = india('2027-01-31T10:00')
const day = 86_400

let clone: TestDatabase
let database: Database
beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
  await database.transaction(system, async (sql) => {
    for (const duration of ['once', 'forever']) {
      await sql`insert into coupons ${sql({ code: duration.toUpperCase(), percent_basis_points: 1_000, duration, valid_from: start })}`
    }
  })
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

class Undo extends Error {}

/** A subscriber whose mandate waits for its authorization, at a gateway with a clock of its own. */
async function createMandate(coupon: string | null = null, at = start) {
  const [subscriber, gateway] = [await createSubscriber(database), await startTestGateway(inject('clusterUrl'), { at })]
  const { orgId } = subscriber
  const id = await subscriber.change(at, async (effects) => {
    const { sql, settings, account } = effects
    const offer = await quote(sql, {
      ...{ orgId, account, settings, planId: 'team', period: 'month', seats: 5, couponCode: coupon, at },
    })
    const first = firstCharge(offer, await findLive(sql, orgId), at)
    const plan = await gateway.payments.createPlan({ name: 'Team', period: 'month', amountPaise: offer.renewal_paise })
    const mandate = await gateway.payments.createSubscription({
      planId: plan.id,
      totalCount: chargesOf.month,
      startAt: first.startAt,
      upfront: first.upfrontPaise === null ? null : { name: 'Team', amountPaise: first.upfrontPaise },
      notes: {},
    })
    await beginByMandate(effects, { orgId, quote: offer, first, mandate, createdBy: null })
    return mandate.id
  })
  return { subscriber, gateway, id }
}

/** What can be told of an organization's money and plan, without ids that depend on the order of news. */
async function outcome(sql: Sql) {
  const [subscriptions, orders, entitlements, invoices, payments, balances, differences] = await Promise.all([
    sql`select status, plan_id, seats, period_paise, collection, coupon_code, current_period_start, current_period_end,
      billing_day, grace_until, dunning_stage, gateway_status, gateway_status_at, gateway_paid_count, started_at, ended_at
      from subscriptions order by id`,
    sql`select kind, cycle, status, total_paise, period_start, period_end, fulfilled_at is not null as fulfilled
      from orders order by cycle`,
    sql`select plan_id, seats, until from entitlements`,
    sql`select o.cycle, i.total_paise, i.status from invoices i join orders o on o.id = i.order_id order by o.cycle`,
    sql`select p.gateway_payment_id, p.status, p.purpose, o.cycle from payments p left join orders o on o.id = p.order_id
      order by p.gateway_payment_id`,
    sql`select account, balance_paise from ledger_balances order by account`,
    sql`select kind, subject from billing_differences order by kind, subject`,
  ])
  return { subscriptions, orders, entitlements, invoices, payments, balances, differences }
}

/** Applies events in an order, tells what came of it, and forgets it again. */
async function deliver({ orgId, change }: Subscriber, events: readonly GatewayEvent[], now: Date) {
  let result: Awaited<ReturnType<typeof outcome>> | undefined
  await change(now, async (effects) => {
    // What isn't known yet is applied when it is, as the schedule does.
    let unmatched: GatewayEvent[] = []
    for (const event of events) {
      if ((await applyEvent(effects, orgId, event)) === 'unmatched') unmatched.push(event)
      const again = unmatched
      unmatched = []
      for (const one of again) if ((await applyEvent(effects, orgId, one)) === 'unmatched') unmatched.push(one)
    }
    result = await outcome(effects.sql)
    throw new Undo()
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error
  })
  return result!
}

/** Each life of a mandate from its authorization on, and what is left of it in the end. */
const lives: [string, (gateway: TestGateway, id: string) => Promise<void>, Record<string, unknown>][] = [
  [
    'charged month after month',
    async ({ controls, advance }, id) => {
      await controls.authorizeMandate(id)
      advance(28 * day)
      await controls.charge(id)
      advance(31 * day)
      await controls.charge(id)
    },
    { status: 'active', current_period_end: india('2027-04-28T10:00').toISOString() },
  ],
  [
    'halted, and paid after all',
    async ({ controls, advance }, id) => {
      await controls.authorizeMandate(id)
      advance(28 * day)
      await controls.halt(id)
      advance(3 * day)
      await controls.charge(id)
    },
    { status: 'active', gateway_status: 'active', current_period_end: india('2027-03-28T10:00').toISOString() },
  ],
  [
    'halted',
    async ({ controls, advance }, id) => {
      await controls.authorizeMandate(id)
      advance(28 * day)
      await controls.halt(id)
    },
    { status: 'past_due', dunning_stage: 1, grace_until: india('2027-03-07T10:00').toISOString() },
  ],
  [
    'paused and resumed after its period, which begins a new one',
    async ({ controls, payments, advance }, id) => {
      await controls.authorizeMandate(id)
      advance(28 * day)
      await controls.charge(id)
      advance(day)
      await payments.pauseSubscription(id)
      advance(40 * day)
      await payments.resumeSubscription(id)
      await controls.charge(id)
    },
    { status: 'active', current_period_start: india('2027-04-10T10:00').toISOString(), billing_day: 10 },
  ],
  [
    'cancelled at the gateway, where what is paid stays',
    async ({ controls, payments, advance }, id) => {
      await controls.authorizeMandate(id)
      advance(28 * day)
      await controls.charge(id)
      advance(day)
      await payments.cancelSubscription(id, 'now')
    },
    { status: 'cancelled', current_period_end: india('2027-03-28T10:00').toISOString() },
  ],
  [
    'that nobody authorized',
    async ({ controls, advance }, id) => {
      advance(day)
      await controls.authorizeMandate(id, { succeeds: false })
      await controls.expire(id)
    },
    { status: 'expired', current_period_end: null },
  ],
]

describe('a mandate', () => {
  test.each(
    lives.map(([name, live, expected], index) => ({ name, live, expected, coupon: index % 2 ? 'ONCE' : 'FOREVER' })),
  )('$name is the same in whatever order, and however often, its news come', async ({ live, expected, coupon }) => {
    const { subscriber, gateway, id } = await createMandate(coupon)
    try {
      await live(gateway, id)
      const events = (await gateway.events()).map(({ event }) => event)
      const now = new Date(gateway.now().getTime() + 60_000)
      const inOrder = await deliver(subscriber, events, now)
      expect(inOrder.subscriptions).toMatchObject([expected])
      expect(inOrder.differences).toEqual([])
      const shuffled = fc
        .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events, { maxLength: 2 }))
        .map(([all, again]) => [...all, ...again])
      await fc.assert(
        fc.asyncProperty(shuffled, async (some) => {
          expect(await deliver(subscriber, some, now)).toEqual(inOrder)
        }),
        { numRuns: 2 },
      )
      expect(await deliver(subscriber, events.toReversed(), now)).toEqual(inOrder)
    } finally {
      await gateway.stop()
    }
  })

  test('that works renews by itself, so there is nothing to order', async () => {
    const { subscriber, gateway, id } = await createMandate()
    try {
      await gateway.controls.authorizeMandate(id)
      const now = gateway.now()
      await subscriber.change(now, async (effects) => {
        for (const { event } of await gateway.events()) await applyEvent(effects, subscriber.orgId, event)
      })
      expect(await subscriber.entitlement()).toMatchObject({
        plan_id: 'team',
        until: new Date(endOfPeriod(start, 'month', dayOfMonth(start)).getTime() + 7 * day * 1000).toISOString(),
      })
      await expect(subscriber.quote(now)).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await subscriber.quote(now, { seats: 8 })).toMatchObject({ kind: 'change', net_paise: 3 * 89_900 })
    } finally {
      await gateway.stop()
    }
  })

  test('for more than ₹15,000 with tax is refused, with the way that there is', async () => {
    const subscriber = await createSubscriber(database)
    const offer = await subscriber.quote(start, { planId: 'business' })
    expect(offer.mandate_possible).toBe(false)
    expect(() => firstCharge(offer, null, start)).toThrow(/POST \/v1\/billing\/orders/)
  })
})
