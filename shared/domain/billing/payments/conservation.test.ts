import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  createPayingCustomer,
  newsOf,
  orderTeam,
  type PayingCustomer,
} from '../../../../tests/setup/billing-payments.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import type { Database } from '../../../platform/database/index.ts'
import type { BillingEffects } from '../effects.ts'
import type { GatewayEvent } from '../gateway.ts'
import { checkInvariants } from '../ledger/invariants.ts'
import { recordRefund } from '../refunds/send.ts'
import { applyEvent } from '../webhooks/apply-event.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let customer: PayingCustomer

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(1)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  customer = await createPayingCustomer(database, owner)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** A payment of one of two orders, as the gateway has it in the end. */
const attempt = fc.record({
  order: fc.nat(1),
  end: fc.constantFrom('failed', 'authorized', 'captured' as const),
  hasFailedFirst: fc.boolean(),
  /** Paid back at the dashboard, in per mille; 0: nothing. */
  refunded: fc.constantFrom(0, 0, 1, 500, 1_000),
})
type Attempt = typeof attempt extends fc.Arbitrary<infer Value> ? Value : never

/** All that the gateway tells of it; each piece of news may come at any time. */
function tell(
  orders: Parameters<typeof newsOf>[0][],
  { order, end, hasFailedFirst, refunded }: Attempt,
  index: number,
) {
  const of = newsOf(orders[order]!, `pay_${index}`)
  const { event, payment, refund, amountPaise } = of
  const told: GatewayEvent[] = hasFailedFirst || end === 'failed' ? [event('payment.failed', payment('failed'))] : []
  if (end !== 'failed') told.push(event('payment.authorized', payment('authorized')))
  if (end !== 'captured') return told
  told.push(event('payment.captured', payment('captured')))
  told.push(event('order.paid', of.order('paid'), payment('captured')))
  const paise = Math.ceil((amountPaise * refunded) / 1_000)
  if (paise === 0) return told
  const status = paise === amountPaise ? 'refunded' : 'captured'
  const seen = payment(status, { refundedPaise: paise })
  told.push(event('refund.created', seen, refund(`rfnd_${index}`, 'pending', paise)))
  told.push(event('refund.processed', seen, refund(`rfnd_${index}`, 'processed', paise)))
  return told
}

interface Sums {
  captured: number
  fulfilled: number
  invoices: number
  idle: number
  sold: number
  kept: number
  surplus: number
  /** A liability: below zero. */
  advances: number
}

/** The gateway pays back what it is asked for, as far as it has it; what it refuses is told. */
async function payBack({ sql, ...effects }: BillingEffects): Promise<void> {
  const asked = await sql<{ id: string; amount_paise: number; payment: string; left: number }[]>`
    select r.id, r.amount_paise, p.gateway_payment_id as payment, (p.amount_paise - p.refunded_paise)::bigint as left
    from refunds r join payments p on p.id = r.payment_id where r.status = 'requested' order by r.id`
  for (const { id, amount_paise: amountPaise, payment: paymentId, left } of asked) {
    const answer = {
      ...{ id: `rfnd_of_${paymentId}`, paymentId, amountPaise, currency: 'INR', status: 'processed' as const },
      ...{ ourId: id, createdAt: effects.now },
    }
    await recordRefund({ sql, ...effects }, customer.orgId, id, left < amountPaise ? null : answer)
  }
}

test('whatever is paid, paid twice and paid back, told in any order and number: no paisa is lost, and one order at most is given', async () => {
  const world = fc.record({
    attempts: fc.array(attempt, { minLength: 1, maxLength: 4 }),
    again: fc.array(fc.nat(30), { maxLength: 6 }),
    order: fc.array(fc.nat(1_000), { minLength: 30, maxLength: 30 }),
  })
  await fc.assert(
    fc.asyncProperty(world, async ({ attempts, again, order }) => {
      const found = await customer.tryOut(async (effects) => {
        const { sql } = effects
        const orders = [await orderTeam(effects, customer.orgId), await orderTeam(effects, customer.orgId)]
        const all = attempts.flatMap((one, index) => tell(orders, one, index))
        const told = [...all, ...again.map((which) => all[which % all.length]!)]
        const shuffled = told.toSorted((a, b) => order[told.indexOf(a) % 30]! - order[told.indexOf(b) % 30]!)
        for (const event of shuffled) await applyEvent(effects, customer.orgId, event)
        await payBack(effects)
        const [sums] = await sql<[Sums]>`
          select
            (select count(*) from payments where captured_at is not null)::int as captured,
            (select count(*) from orders where fulfilled_at is not null)::int as fulfilled,
            (select count(*) from invoices where kind = 'invoice')::int as invoices,
            (select count(*) from payments where captured_at is not null and purpose is null)::int as idle,
            (select coalesce(sum(total_paise) filter (where kind = 'invoice'), 0)
              - coalesce(sum(total_paise) filter (where kind = 'credit_note'), 0) from invoices)::bigint as sold,
            (select coalesce(sum(amount_paise - refunded_paise), 0) from payments
              where captured_at is not null)::bigint as kept,
            (select coalesce(sum(amount_paise - refunded_paise), 0) from payments
              where captured_at is not null and purpose = 'surplus')::bigint as surplus,
            (select coalesce(sum(balance_paise), 0) from ledger_balances where account = '2000')::bigint as advances`
        await sql`select set_config('app.system', 'on', true)`
        const broken = (await checkInvariants(sql, effects.now)).filter(({ holds }) => !holds)
        return { ...sums, broken }
      })
      const isPaid = attempts.some(({ end }) => end === 'captured')
      expect(found).toMatchObject({
        captured: attempts.filter(({ end }) => end === 'captured').length,
        fulfilled: isPaid ? 1 : 0,
        invoices: isPaid ? 1 : 0,
        idle: 0,
        broken: [],
      })
      // What is neither sold nor paid back is a surplus whose refund was refused, and stays the customer's.
      expect(found.kept - found.sold).toBe(found.surplus)
      expect(found.advances + found.surplus).toBe(0)
    }),
    { numRuns: 25 },
  )
})
