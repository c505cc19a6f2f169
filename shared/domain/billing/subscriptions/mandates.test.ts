import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { testSettings } from '../../../../tests/setup/billing-invoices.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { startTestGateway, type TestGateway } from '../../../../tests/setup/gateway.ts'
import { createSubscriber, type Subscriber } from '../../../../tests/setup/subscriptions.ts'
import type { Database } from '../../../platform/database/index.ts'
import { advanceSubscription } from '../dunning/advance.ts'
import type { PaymentSnapshot } from '../gateway.ts'
import { applyPayment } from '../payments/apply-payment.ts'
import { applyRefund } from '../refunds/apply-refund.ts'
import { applyEvent } from '../webhooks/apply-event.ts'
import { changeSubscription } from './change.ts'
import { askMandate, keepMandate } from './create.ts'
import { cancelSubscription } from './end.ts'
import { cancelMandate, isMandateWanted } from './end-mandate.ts'
import type { SubscriptionDraft } from './schemas.ts'
import { startTrial } from './trial.ts'
import { recordUpdate, updateAtGateway, wantedOf } from './update-mandate.ts'

const day = 86_400
const draft = { plan_id: 'team', period: 'month', seats: 5 } as const
const { signal } = new AbortController()

let clone: TestDatabase
let database: Database
let gateway: TestGateway
let buyer: Subscriber
beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
  gateway = await startTestGateway(inject('clusterUrl'), { at: new Date('2027-01-15T04:30:00Z') })
})
beforeEach(async () => {
  buyer = await createSubscriber(database)
})
afterAll(async () => {
  await gateway.stop()
  await database.close()
  await clone.drop()
})

type Draft = Parameters<typeof askMandate>[2] & Partial<typeof SubscriptionDraft>

/** Asks for a mandate, as the route does; returns its id at the gateway. */
async function ask(wish: Partial<Draft> = {}): Promise<string> {
  const { orgId } = buyer
  const services = { payments: gateway.payments, commit: buyer.read, signal }
  const body = { ...draft, ...wish }
  const asked = await askMandate(services, { orgId, settings: testSettings, at: gateway.now() }, body)
  await buyer.change(gateway.now(), (effects) => keepMandate(effects, { orgId, asked, createdBy: null }, body))
  return asked.mandate.id
}

/** Delivers all that the gateway has told since the last time. */
async function hear(): Promise<void> {
  for (const { event } of await gateway.newEvents()) {
    await buyer.change(gateway.now(), (effects) => applyEvent(effects, buyer.orgId, event))
  }
}

async function begin(method: 'card' | 'upi' = 'card', wish: Partial<Draft> = {}): Promise<string> {
  const id = await ask(wish)
  await gateway.controls.authorizeMandate(id, { method })
  await hear()
  return id
}

/** Runs the tasks that follow a mandate until there are none. */
async function follow(): Promise<void> {
  const { orgId } = buyer
  const { read, asked } = buyer
  for (let task = asked.shift(); task; task = asked.shift()) {
    const { subscription_id: subscriptionId, gateway_subscription_id: mandate } = task.payload
    if (task.name === 'billing-update-mandate') {
      const wanted = await read((sql) =>
        wantedOf(sql, { orgId, settings: testSettings, subscriptionId: subscriptionId! }),
      )
      const update = wanted && (await updateAtGateway(gateway.payments, read, wanted, signal))
      if (update) await buyer.change(gateway.now(), (effects) => recordUpdate(effects, orgId, update))
    }
    if (task.name === 'billing-end-mandate' && !(await read((sql) => isMandateWanted(sql, orgId, mandate!)))) {
      await cancelMandate(gateway.payments, mandate!, signal)
    }
  }
  await hear()
}

const change = (wish: Partial<Draft> & { when: 'now' | 'period-end' }) =>
  buyer.change(gateway.now(), (effects) => changeSubscription(effects, buyer.orgId, { ...draft, ...wish }))
const charged = async () => {
  const rows = await buyer.read(
    (sql) => sql<{ n: number }[]>`
    select net_paise as n from orders where fulfilled_at is not null order by created_at, id`,
  )
  return rows.map(({ n }) => n)
}

/** The next charge, on the day on which it is due. */
async function chargeNext(id: string): Promise<void> {
  const { chargeAt } = await gateway.payments.fetchSubscription(id)
  gateway.advance((chargeAt!.getTime() - gateway.now().getTime()) / 1000)
  await gateway.controls.charge(id)
  await hear()
}

describe('a mandate', () => {
  test('asked for again replaces the one that nobody has authorized', async () => {
    const [first, second] = [await ask(), await ask({ seats: 7 })]
    await follow()
    expect((await gateway.payments.fetchSubscription(first)).status).toBe('cancelled')
    await gateway.controls.authorizeMandate(second)
    await hear()
    expect(await buyer.subscriptions()).toMatchObject([
      { status: 'active', seats: 7, gateway_subscription_id: second, replaced_gateway_ids: [first] },
    ])
    expect(await charged()).toEqual([499_900 + 2 * 89_900])
  })

  test.each([
    [
      'a subscription that an order has begun',
      async (coupon: string | null) => {
        const order = await buyer.order(gateway.now(), { couponCode: coupon })
        await buyer.pay(gateway.now(), order)
      },
    ],
    [
      'a subscription that had been cancelled',
      () => buyer.change(gateway.now(), (effects) => cancelSubscription(effects, buyer.orgId, 'now')),
    ],
  ])('that is authorized for %s, before it is ended, is paid back', async (_, before) => {
    for (const coupon of [null, `HALF-${buyer.orgId.slice(-8).toUpperCase()}`]) {
      if (coupon) {
        buyer = await createSubscriber(database)
        const half = { code: coupon, percent_basis_points: 5_000, duration: 'once', valid_from: gateway.now() }
        await buyer.asOperator((sql) => sql`insert into coupons ${sql(half)}`)
      }
      const id = await ask({ coupon_code: coupon })
      await before(coupon)
      const [given, entitled] = [await charged(), await buyer.entitlement()]
      gateway.advance(60)
      await gateway.controls.authorizeMandate(id)
      await hear()
      const purposes = await buyer.read(
        (sql) => sql<{ purpose: string }[]>`
          select purpose from payments order by created_at desc, id desc limit 1`,
      )
      expect(purposes).toEqual([{ purpose: 'surplus' }])
      expect(buyer.asked.map(({ name }) => name)).toContain('billing-send-refund')
      expect([await charged(), await buyer.entitlement()]).toEqual([given, entitled])
    }
  })

  test.each([
    ['wholly', 699_700, 'surplus'],
    ['in part', 100, null],
  ])(
    'gives nothing for a charge that was paid back %s before it was known what it is for',
    async (_, paise, purpose) => {
      const id = await begin()
      const at = gateway.now()
      const billed = {
        gatewaySubscriptionId: id,
        billingStart: new Date(at.getTime() + 31 * day * 1000),
        billingEnd: null,
      }
      const payment: PaymentSnapshot = {
        ...{ id: `pay_${id}`, orderId: null, invoiceId: `inv_${id}`, status: 'captured', amountPaise: 699_700 },
        ...{ refundedPaise: 0, currency: 'INR', feePaise: 0, feeTaxPaise: 0, method: 'card' },
        ...{ errorCode: null, errorDescription: null, createdAt: at },
      }
      const refund = { id: `rfnd_${id}`, paymentId: payment.id, amountPaise: paise, status: 'processed' } as const
      const shown = await buyer.change(at, async (effects) => {
        await applyPayment(effects, buyer.orgId, payment, billed)
        await applyRefund(effects, buyer.orgId, { ...refund, currency: 'INR', ourId: null, createdAt: at })
        // By now it would be what was agreed.
        await effects.sql`update subscriptions set period_paise = 699700`
        return applyPayment(effects, buyer.orgId, payment, billed)
      })
      expect(shown?.purpose).toBe(purpose)
      expect(await charged()).toEqual([499_900])
      expect(await buyer.advances()).toBe(699_700 - paise)
    },
  )

  test('charges the first period with a coupon for it, and later ones without', async () => {
    const off = { code: 'HALF-ONCE', percent_basis_points: 5_000, duration: 'once', valid_from: '2020-01-01T00:00:00Z' }
    await buyer.asOperator((sql) => sql`insert into coupons ${sql(off)}`)
    const id = await begin('card', { coupon_code: 'HALF-ONCE' })
    await chargeNext(id)
    expect(await charged()).toEqual([249_950, 499_900])
    expect((await buyer.subscription()).coupon_code).toBe(null)
  })

  test('charges each period with a coupon for good', async () => {
    const off = {
      code: 'HALF-EVER',
      percent_basis_points: 5_000,
      duration: 'forever',
      valid_from: '2020-01-01T00:00:00Z',
    }
    await buyer.asOperator((sql) => sql`insert into coupons ${sql(off)}`)
    const id = await begin('card', { coupon_code: 'HALF-EVER' })
    await chargeNext(id)
    expect(await charged()).toEqual([249_950, 249_950])
  })

  test('begun in a trial charges at its end, and before that nothing', async () => {
    const begun = await buyer.change(gateway.now(), (effects) =>
      startTrial(effects, { orgId: buyer.orgId, planId: 'team', createdBy: null }),
    )
    const id = await begin()
    expect(await buyer.subscription()).toMatchObject({ status: 'trialing', collection: 'mandate' })
    expect(await charged()).toEqual([])
    await chargeNext(id)
    expect(await buyer.subscription()).toMatchObject({ status: 'active', current_period_start: begun.trial_ends_at })
    expect(await charged()).toEqual([499_900])
  })

  test('changed at the end of the period charges the new price then, where the method allows it', async () => {
    const id = await begin('card')
    await change({ seats: 8, when: 'period-end' })
    await follow()
    await chargeNext(id)
    expect(await charged()).toEqual([499_900, 499_900 + 3 * 89_900])
    expect(await buyer.subscription()).toMatchObject({ seats: 8, next_change: null, gateway_subscription_id: id })
    expect(await buyer.entitlement()).toMatchObject({ seats: 8 })
  })

  test('changed where the method allows no change is made anew, to be authorized, and charges from the same day on', async () => {
    const id = await begin('upi')
    const end = (await buyer.subscription()).current_period_end
    await change({ seats: 8, when: 'period-end' })
    await follow()
    const row = await buyer.subscription()
    expect(row).toMatchObject({ status: 'active', replaced_gateway_ids: [id], gateway_status: 'created' })
    expect((await gateway.payments.fetchSubscription(id)).status).toBe('cancelled')
    const renewed = row.gateway_subscription_id!
    await gateway.controls.authorizeMandate(renewed, { method: 'upi' })
    await hear()
    await chargeNext(renewed)
    expect(await buyer.subscription()).toMatchObject({ status: 'active', seats: 8, current_period_start: end })
    expect(await charged()).toEqual([499_900, 499_900 + 3 * 89_900])
  })

  test('changed to a plan that mandates can’t charge goes on by order', async () => {
    const id = await begin()
    await change({ plan_id: 'business', seats: 15, when: 'period-end' })
    await follow()
    expect((await gateway.payments.fetchSubscription(id)).status).toBe('cancelled')
    expect(await buyer.subscription()).toMatchObject({ status: 'active', collection: 'order' })
    gateway.advance(25 * day)
    expect(await buyer.buy(gateway.now(), { planId: 'business', seats: 15 })).toMatchObject({ kind: 'renewal' })
  })

  test('upgraded at once by an order charges the new price from the next period on', async () => {
    const id = await begin()
    gateway.advance(10 * day)
    await buyer.buy(gateway.now(), { seats: 6 })
    await follow()
    await chargeNext(id)
    expect((await charged()).at(-1)).toBe(499_900 + 89_900)
    expect(await buyer.subscription()).toMatchObject({ status: 'active', seats: 6, collection: 'mandate' })
  })

  test('cancelled with its period charges nothing more, and what is paid stays until its end', async () => {
    const id = await begin()
    await buyer.change(gateway.now(), (effects) => cancelSubscription(effects, buyer.orgId, 'period-end'))
    await follow()
    expect((await gateway.payments.fetchSubscription(id)).status).toBe('cancelled')
    expect(await buyer.subscription()).toMatchObject({ status: 'active', cancel_at_period_end: true })
    expect(await buyer.entitlement()).toMatchObject({ plan_id: 'team' })
  })

  test('that halted is ended when the debt is paid by order', async () => {
    const id = await begin()
    gateway.advance(31 * day)
    await gateway.controls.halt(id)
    await hear()
    expect((await buyer.subscription()).status).toBe('past_due')
    expect(await buyer.buy(gateway.now())).toMatchObject({ kind: 'renewal', net_paise: 499_900 })
    await follow()
    expect((await gateway.payments.fetchSubscription(id)).status).toBe('cancelled')
    expect(await buyer.subscription()).toMatchObject({ status: 'active', collection: 'order' })
  })

  test('paused for months gives nothing meanwhile, and when it goes on it isn’t given up before its charge', async () => {
    const id = await begin()
    await gateway.payments.pauseSubscription(id)
    await hear()
    gateway.advance(90 * day)
    await buyer.change(gateway.now(), async (effects) => {
      await advanceSubscription(effects, buyer.orgId, (await buyer.subscription()).id)
    })
    expect(await buyer.subscription()).toMatchObject({ status: 'paused', ended_at: null })
    expect(await buyer.entitlement()).toBe(null)
    buyer.asked.length = 0
    await gateway.payments.resumeSubscription(id)
    await hear()
    expect(await buyer.subscription()).toMatchObject({ status: 'active', ended_at: null })
    expect(await buyer.entitlement()).toBe(null)
    await gateway.controls.charge(id, { succeeds: false })
    await hear()
    expect((await buyer.subscription()).status).toBe('past_due')
    gateway.advance(day)
    await gateway.controls.charge(id)
    await hear()
    const charged = gateway.now().getTime()
    expect(await buyer.subscription()).toMatchObject({ status: 'active', grace_until: null })
    expect(new Date((await buyer.subscription()).current_period_end!).getTime() - charged).toBeGreaterThan(
      26 * day * 1000,
    )
    expect(await buyer.entitlement()).toMatchObject({ plan_id: 'team' })
    expect(buyer.asked.map(({ name }) => name)).not.toContain('billing-end-mandate')
  })

  test('that charges another amount than was agreed gives nothing: somebody has to look', async () => {
    const id = await begin()
    const plan = await gateway.payments.createPlan({ name: 'Other', period: 'month', amountPaise: 123_456 })
    await gateway.payments.updateSubscription(id, { planId: plan.id, when: 'period-end' })
    const before = await buyer.subscription()
    await chargeNext(id)
    expect((await buyer.subscription()).current_period_end).toBe(before.current_period_end)
    const differences = await buyer.read((sql) => sql`select kind, found from billing_differences order by kind`)
    expect(differences).toContainEqual({ kind: 'charge-differs', found: 123_456 })
    // The money is the customer's until then.
    expect(await buyer.advances()).toBe(123_456)
  })

  test('goes on charging what was agreed when the tax treatment has changed', async () => {
    const id = await begin()
    await buyer.read((sql) => sql`update billing_accounts set country = 'SG', tax_treatment = 'export'`)
    await chargeNext(id)
    const [order] = await buyer.read(
      (sql) => sql`select net_paise, total_paise, igst_paise from orders where cycle = 1`,
    )
    expect(order).toEqual({ net_paise: 589_882, total_paise: 589_882, igst_paise: 0 })
    expect(await buyer.advances()).toBe(0)
  })
})
