import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { startTestGateway, type TestGateway } from '../../../../tests/setup/gateway.ts'
import { createInstallation, type Installation } from '../../../../tests/setup/reconciliation.ts'
import type { Subscriber } from '../../../../tests/setup/subscriptions.ts'
import type { GatewayLists } from './list-gateway.ts'
import { listAll } from './list-gateway.ts'

let gateway: TestGateway
/** Hears of everything. */
let hearing: Installation
/** Hears of nothing. */
let deaf: Installation

beforeAll(async () => {
  gateway = await startTestGateway(inject('clusterUrl'))
  ;[hearing, deaf] = (await Promise.all([1, 2].map(() => createInstallation(inject('clusterUrl'), gateway)))) as [
    Installation,
    Installation,
  ]
})
afterAll(async () => {
  await hearing?.close()
  await deaf?.close()
  await gateway?.stop()
})

/** What was before is out of sight: each test has its own days. */
beforeEach(async () => {
  gateway.advance(5 * 86_400)
  for (const { owner } of [hearing, deaf]) {
    await owner`update billing_differences set status = 'resolved' where status = 'open'`
  }
  await gateway.newEvents()
})

const quiet = {
  repairs: 0,
  mandates_ended: 0,
  receipts_parked: 0,
  settlements_booked: 0,
  differences: 0,
  differences_resolved: 0,
}

/** What an installation knows of these customers, without what differs between any two of them. */
async function knownOf({ owner }: Installation, customers: readonly Subscriber[]) {
  const orgs = owner(customers.map(({ orgId }) => orgId))
  const read = async (rows: PromiseLike<readonly object[]>) => (await rows).map((row) => JSON.stringify(row)).toSorted()
  return {
    orders: await read(owner`
      select gateway_order_id, cycle, status, total_paise, fulfilled_at is not null as is_fulfilled,
        (select p.gateway_payment_id from payments p where p.id = o.payment_id) as paid_by,
        (select count(*)::integer from invoices i where i.order_id = o.id and i.kind = 'invoice') as invoices
      from orders o where org_id in ${orgs}`),
    payments: await read(owner`
      select gateway_payment_id, status, amount_paise, refunded_paise, fee_paise, fee_tax_paise, method, error_code, purpose,
        captured_at, created_at
      from payments where org_id in ${orgs}`),
    refunds: await read(owner`
      select gateway_refund_id, amount_paise, status, purpose, processed_at from refunds where org_id in ${orgs}`),
    disputes: await read(owner`
      select gateway_dispute_id, amount_paise, status,
        -- How much was held until it was won is told by webhooks alone.
        case when status <> 'won' then deducted_paise end as deducted_paise
      from disputes where org_id in ${orgs}`),
    documents: await read(owner`
      select kind, status, total_paise from invoices where org_id in ${orgs}`),
    subscriptions: await read(owner`
      select plan_id, status, seats, gateway_subscription_id, gateway_status, gateway_paid_count,
        current_period_start, current_period_end
      from subscriptions where org_id in ${orgs}`),
    entitlements: await read(owner`
      select plan_id, seats from entitlements where org_id in ${orgs}`),
    books: await read(owner`
      select account, sum(balance_paise)::bigint as paise from ledger_balances where org_id in ${orgs}
      group by account`),
  }
}

test('with every webhook lost, a reconciliation leads to the same rows and books as all webhooks do', async () => {
  const { controls } = gateway
  const lives: ((orderId: string) => Promise<unknown>)[] = [
    async () => {},
    (id) => controls.pay(id),
    (id) => controls.pay(id, { outcome: 'failed' }),
    async (id) => {
      await controls.pay(id, { outcome: 'failed' })
      await controls.pay(id, { method: 'upi' })
    },
    async (id) => {
      const { payment } = await controls.pay(id, { outcome: 'failed' })
      await controls.authorizeLate(payment.id)
    },
    (id) => controls.pay(id, { outcome: 'authorized' }),
    async (id) => {
      const { payment } = await controls.pay(id)
      await controls.refund(payment.id, 10_000)
      gateway.advance(5)
      await controls.refund(payment.id, 2_500)
    },
    async (id) => {
      const { payment } = await controls.pay(id)
      await controls.refund(payment.id)
    },
    async (id) => {
      const { payment } = await controls.pay(id)
      const { id: disputeId } = await controls.dispute(payment.id, { isDeducted: true })
      await controls.moveDispute(disputeId, 'lost')
    },
    async (id) => {
      const { payment } = await controls.pay(id)
      const { id: disputeId } = await controls.dispute(payment.id, { isDeducted: true })
      await controls.moveDispute(disputeId, 'won')
    },
  ]
  const [ours, theirs]: [Subscriber[], Subscriber[]] = [[], []]
  const subscriberOf = (orgId: string) => ours.find((customer) => customer.orgId === orgId)!
  for (const live of lives) {
    const [mine, twin] = [await hearing.customer(), await deaf.customer()]
    const { gateway_order_id } = await hearing.order(mine)
    await deaf.order(twin, gateway_order_id)
    ours.push(mine)
    theirs.push(twin)
    await gateway.newEvents()
    await live(gateway_order_id)
    await hearing.hear(mine, await gateway.newEvents())
    await hearing.work()
  }
  expect(await knownOf(deaf, theirs)).not.toEqual(await knownOf(hearing, ours))

  const { summary } = await deaf.reconcile()
  expect(summary.repairs).toBeGreaterThan(lives.length)
  expect(summary.differences).toBe(0)
  await deaf.work()
  expect(await knownOf(deaf, theirs)).toEqual(await knownOf(hearing, ours))
  expect(await deaf.broken()).toEqual([])
  // What was authorized is captured, which is not told either.
  const [waiting] =
    await deaf.owner`select gateway_payment_id as id, amount_paise from payments where status = 'authorized'`
  await gateway.payments.capturePayment(waiting!.id, waiting!.amount_paise)
  expect((await deaf.reconcile()).summary).toMatchObject({ repairs: 2, differences: 0 })
  await deaf.work()
  const { owner } = hearing
  const [order] =
    await owner`select org_id from orders where id in (select order_id from payments where status = 'authorized')`
  await hearing.hear(subscriberOf(order!.org_id), await gateway.newEvents())
  expect(await knownOf(deaf, theirs)).toEqual(await knownOf(hearing, ours))
  // Once is enough, and who has heard of everything has nothing to repair.
  for (const installation of [deaf, hearing]) {
    expect(await installation.reconcile()).toEqual({ summary: quiet, news: [] })
    expect(await installation.broken()).toEqual([])
  }
})

test('with every webhook of a mandate lost, too: charges, one that failed, and its end', async () => {
  const { payments, controls } = gateway
  const plan = await payments.createPlan({ name: 'Team', period: 'month', amountPaise: 589_882 })
  const lives: ((mandateId: string) => Promise<unknown>)[] = [
    (id) => controls.authorizeMandate(id),
    async (id) => {
      await controls.authorizeMandate(id)
      gateway.advance(60)
      await controls.charge(id)
    },
    async (id) => {
      await controls.authorizeMandate(id)
      gateway.advance(60)
      await controls.charge(id, { succeeds: false })
    },
    async (id) => {
      await controls.authorizeMandate(id)
      gateway.advance(60)
      await payments.cancelSubscription(id, 'now')
    },
  ]
  const [ours, theirs]: [Subscriber[], Subscriber[]] = [[], []]
  for (const live of lives) {
    const mandate = { planId: plan.id, totalCount: 120, startAt: null, upfront: null, notes: {} }
    const { id } = await payments.createSubscription(mandate)
    for (const [installation, customers] of [
      [hearing, ours],
      [deaf, theirs],
    ] as const) {
      const customer = await installation.customer()
      customers.push(customer)
      await installation.owner`
        insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise,
          gateway_subscription_id, created_at)
        values (${newId()}, ${customer.orgId}, 'team', 'month', 5, 'incomplete', 'mandate', 499900, ${id}, ${gateway.now()})`
    }
    await gateway.newEvents()
    await live(id)
    await hearing.hear(ours.at(-1)!, await gateway.newEvents())
    await hearing.work()
  }
  const { summary } = await deaf.reconcile()
  expect(summary).toMatchObject({ differences: 0, mandates_ended: 0 })
  await deaf.work()
  expect(await knownOf(deaf, theirs)).toEqual(await knownOf(hearing, ours))
  expect(await deaf.reconcile()).toEqual({ summary: quiet, news: [] })
  expect(await deaf.broken()).toEqual([])
})

describe('money of nobody known', () => {
  test('is parked once with its fee, told once, and gone from the books when it was paid back at the dashboard', async () => {
    const before = await deaf.balance('1100')
    const payment = await gateway.controls.receive({ amount: 70_000 })
    const first = await deaf.reconcile()
    expect(first.summary).toMatchObject({ receipts_parked: 1, differences: 1 })
    expect(first.news).toMatchObject([{ kind: 'payment-unknown', subject: payment.id, amountPaise: 70_000 }])
    const fee = payment.fee ?? 0
    expect(fee).toBeGreaterThan(0)
    const balances = async () => [await deaf.balance('2900'), (await deaf.balance('1100')) - before]
    expect(await balances()).toEqual([-70_000, 70_000 - fee])
    expect(await deaf.reconcile()).toMatchObject({ summary: { receipts_parked: 0, differences: 1 }, news: [] })

    await gateway.controls.refund(payment.id, 30_000)
    await deaf.reconcile()
    expect(await balances()).toEqual([-40_000, 40_000 - fee])
    expect(await deaf.differences()).toEqual([`payment-unknown ${payment.id}`])
    await gateway.controls.refund(payment.id)
    expect((await deaf.reconcile()).summary).toMatchObject({ differences: 0, differences_resolved: 1 })
    expect(await balances()).toEqual([0, -fee])
    expect(await deaf.differences()).toEqual([])
    expect(await deaf.broken()).toEqual([])
  })

  test('finds its customer when the order becomes known, and is booked for them alone', async () => {
    const customer = await deaf.customer()
    const order = await deaf.order(customer)
    // As a crash would have it: paid there, and not known here.
    await deaf.owner`update orders set gateway_order_id = null where id = ${order.id}`
    const { payment } = await gateway.controls.pay(order.gateway_order_id)
    await deaf.reconcile()
    expect(await deaf.differences()).toEqual([`payment-unknown ${payment.id}`])
    expect(await deaf.balance('2900')).toBe(-payment.amount)

    await deaf.owner`update orders set gateway_order_id = ${order.gateway_order_id} where id = ${order.id}`
    expect((await deaf.reconcile()).summary).toMatchObject({ repairs: 2, differences: 0 })
    await deaf.work()
    await deaf.followUp()
    expect([await deaf.balance('2900'), await deaf.differences()]).toEqual([0, []])
    expect(await customer.entitlement()).toMatchObject({ plan_id: 'team' })
    expect(await deaf.broken()).toEqual([])
  })

  test('in another currency is told and not booked', async () => {
    const books = async () => [await deaf.balance('1100'), await deaf.balance('2900')]
    const before = await books()
    const payment = await gateway.controls.receive({ amount: 9_900, currency: 'USD' })
    await deaf.reconcile()
    expect(await deaf.differences()).toEqual([`currency-differs ${payment.id}`])
    expect(await books()).toEqual(before)
    const { id: refundId } = await gateway.controls.refund(payment.id)
    await deaf.reconcile()
    expect((await deaf.differences()).toSorted()).toEqual(
      [`currency-differs ${payment.id}`, `currency-differs ${refundId}`].toSorted(),
    )
    expect(await books()).toEqual(before)
  })
})

describe('settlements', () => {
  test('are booked once, and what came in is then in the bank to the paisa', async () => {
    const settlement = await gateway.controls.settle()
    expect(settlement).not.toBeNull()
    const bank = await deaf.balance('1000')
    expect((await deaf.reconcile()).summary).toMatchObject({ settlements_booked: 1 })
    expect(await deaf.balance('1000')).toBe(bank + settlement!.amount)
    expect((await deaf.reconcile()).summary).toMatchObject({ settlements_booked: 0 })
    expect(await deaf.balance('1000')).toBe(bank + settlement!.amount)
  })

  test('that are more than came in are told, until it is explained', async () => {
    const lists = withLists({
      listSettlements: async (page) =>
        page.skip > 0
          ? []
          : [
              {
                id: 'setl_toomuch',
                amountPaise: 99_999_999,
                feesPaise: 0,
                taxPaise: 0,
                status: 'processed' as const,
                utr: null,
                createdAt: gateway.now(),
              },
            ],
    })
    const { news } = await hearing.reconcile(lists)
    expect(news).toMatchObject([{ kind: 'clearing-overdrawn', subject: '1100' }])
    expect((await hearing.reconcile(lists)).news).toEqual([])
  })
})

/** The gateway, but what it lists. */
function withLists(over: Partial<GatewayLists>): GatewayLists {
  const { payments } = gateway
  return {
    listOrders: (...page) => payments.listOrders(...page),
    listPayments: (...page) => payments.listPayments(...page),
    listRefunds: (...page) => payments.listRefunds(...page),
    listSubscriptions: (...page) => payments.listSubscriptions(...page),
    listSettlements: (...page) => payments.listSettlements(...page),
    listDisputes: (...page) => payments.listDisputes(...page),
    fetchPayment: (...asked) => payments.fetchPayment(...asked),
    fetchInvoice: (...asked) => payments.fetchInvoice(...asked),
    refundsOfPayment: (...asked) => payments.refundsOfPayment(...asked),
    ...over,
  }
}

describe('what our rows know better', () => {
  /** A payment that we have heard of. */
  async function pay(): Promise<string> {
    const customer = await deaf.customer()
    const { gateway_order_id } = await deaf.order(customer)
    const { payment } = await gateway.controls.pay(gateway_order_id)
    await deaf.hear(customer, await gateway.newEvents())
    await deaf.work()
    return payment.id
  }

  test('is no difference where the list is merely older, nor where it leaves something out', async () => {
    const paymentId = await pay()
    const older = withLists({
      listPayments: async (page, signal) =>
        (await gateway.payments.listPayments(page, signal)).map((payment) => ({
          ...payment,
          status: 'authorized' as const,
          feePaise: null,
          feeTaxPaise: null,
        })),
    })
    expect((await deaf.reconcile(older)).summary).toMatchObject({ repairs: 0, differences: 0 })
    const shorter = withLists({
      listPayments: async (page, signal) =>
        (await gateway.payments.listPayments(page, signal)).filter(({ id }) => id !== paymentId),
    })
    expect((await deaf.reconcile(shorter)).summary).toMatchObject({ repairs: 0, differences: 0 })
  })

  test('is one when the gateway, asked for it by its id, knows nothing of it, and gone when it does', async () => {
    const paymentId = await pay()
    const without = withLists({
      listPayments: async (page, signal) =>
        (await gateway.payments.listPayments(page, signal)).filter(({ id }) => id !== paymentId),
      async fetchPayment(id, signal) {
        if (id === paymentId) throw Object.assign(new Error('gone'), { code: 'NOT_FOUND' })
        return gateway.payments.fetchPayment(id, signal)
      },
    })
    expect((await deaf.reconcile(without)).news).toMatchObject([{ kind: 'payment-missing', subject: paymentId }])
    // One that doesn't answer says nothing, so nothing is taken back.
    const silent = {
      ...without,
      fetchPayment: () => Promise.reject(Object.assign(new Error('down'), { code: 'UNAVAILABLE' })),
    }
    expect((await deaf.reconcile(silent)).summary).toMatchObject({ differences: 0, differences_resolved: 0 })
    expect(await deaf.differences()).toEqual([`payment-missing ${paymentId}`])
    expect((await deaf.reconcile()).summary).toMatchObject({ differences: 0, differences_resolved: 1 })
    // What an operator has closed stays closed while the same is found; what closed by itself opens again.
    expect((await deaf.reconcile(without)).summary).toMatchObject({ differences: 1 })
    expect(await deaf.differences()).toEqual([`payment-missing ${paymentId}`])
    await deaf.owner`update billing_differences set status = 'resolved', resolution = 'Known' where subject = ${paymentId}`
    await deaf.reconcile(without)
    expect(await deaf.differences()).toEqual([])
  })
})

test('a gateway that fails in the middle leaves nothing half compared', async () => {
  const payment = await gateway.controls.receive({ amount: 12_300 })
  const failing = withLists({
    listSettlements: () => Promise.reject(Object.assign(new Error('down'), { code: 'UNAVAILABLE' })),
  })
  const before = await deaf.balance('2900')
  await expect(deaf.reconcile(failing)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect([await deaf.balance('2900'), await deaf.differences()]).toEqual([before, []])
  await deaf.reconcile()
  expect(await deaf.differences()).toEqual([`payment-unknown ${payment.id}`])
})

test('two reconciliations at once do no more than one', async () => {
  const payment = await gateway.controls.receive({ amount: 45_600 })
  const before = await deaf.balance('2900')
  await Promise.all([deaf.reconcile(), deaf.reconcile(), deaf.reconcile()])
  expect(await deaf.balance('2900')).toBe(before - 45_600)
  expect(await deaf.differences()).toContain(`payment-unknown ${payment.id}`)
})

describe('a list of the gateway', () => {
  const items = Array.from({ length: 250 }, (_, index) => ({ id: `${index}` }))
  const window = { from: new Date(0), to: new Date(1) }
  const { signal } = new AbortController()

  test('is read page by page to its end, also when pages are shorter than asked for', async () => {
    for (const size of [100, 33, 1]) {
      const asked: number[] = []
      const list = async ({ skip, count }: { skip: number; count: number }) => {
        asked.push(skip)
        return items.slice(skip, skip + Math.min(size, count))
      }
      expect(await listAll(list, window, signal)).toEqual(items)
      expect(asked).toHaveLength(Math.ceil(250 / size) + 1)
    }
  })

  test('that shows the same page for ever comes to an end, and one that was aborted is left', async () => {
    expect(await listAll(async () => items.slice(0, 100), window, signal)).toHaveLength(100)
    const aborted = AbortSignal.abort(new Error('over'))
    await expect(listAll(async () => items, window, aborted)).rejects.toThrow('over')
  })
})
