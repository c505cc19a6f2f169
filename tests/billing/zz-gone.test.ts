import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { retainedTables } from '#shared/domain/erasure/retained.ts'
import { newId } from '#shared/domain/ids.ts'
import { rowsOf } from '../setup/full-tenant.ts'
import { call } from '../setup/product.ts'
import { type Customer, openShop, type Shop } from './shop.ts'

const team = { plan_id: 'team', period: 'month', seats: 5 }

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop?.close())

const remove = async ({ token, orgId }: Customer, { expecting = 202 } = {}) => {
  const { body } = await call(shop.url, 'GET', `/v1/organizations/${orgId}`, { token })
  const path = `/v1/organizations/${orgId}?confirm=${encodeURIComponent(body.name)}`
  const answer = await call(shop.url, 'DELETE', path, { token })
  expect(answer.status, JSON.stringify(answer.body)).toBe(expecting)
}

/** Past the quarter of an hour for which its owner may watch. */
async function removeWholly(customer: Customer): Promise<void> {
  await remove(customer)
  await shop.drain()
  await shop.pass(0.1)
}

const rows = (query: string, orgId: string) => shop.owner.unsafe(query, [orgId])

describe('an organization that is deleted with money open', () => {
  test('leaves the records of its money, with no name, address or telephone number but those of its invoices', async () => {
    const customer = await shop.customer()
    const { orgId } = customer
    await shop.buy(customer, team)
    const before = await rowsOf(shop.owner, orgId)
    await removeWholly(customer)

    const left = await rowsOf(shop.owner, orgId)
    const kept = Object.keys(left).filter((table) => table !== 'organizations')
    expect(kept.filter((table) => !retainedTables.has(table))).toEqual([])
    for (const table of ['orders', 'payments', 'invoices', 'ledger_entries', 'subscriptions', 'gateway_events']) {
      expect([table, left[table]]).toEqual([table, before[table]])
    }
    expect(await rows('select name, deleting_at is not null as gone from organizations where id = $1', orgId)).toEqual([
      { name: `deleted ${orgId}`, gone: true },
    ])
    expect(
      await rows(
        `select legal_name, email, address_line_1, city, postal_code, gstin, closed_at is not null as closed
         from billing_accounts where org_id = $1`,
        orgId,
      ),
    ).toEqual([
      { legal_name: null, email: null, address_line_1: null, city: null, postal_code: null, gstin: null, closed: true },
    ])
    expect(await rows(`select 1 from gateway_events where org_id = $1 and payload <> '{}'`, orgId)).toEqual([])
    const [invoice] = await rows(`select pdf_key, buyer ->> 'name' as name from invoices where org_id = $1`, orgId)
    expect(invoice).toEqual({ pdf_key: null, name: 'Example Industries Private Limited' })
    await shop.expectBooksInOrder({ [orgId]: null })
    // Nobody is let in, and it is in nobody's list.
    expect((await call(shop.url, 'GET', '/v1/organizations', { token: customer.token })).body.data).toEqual([])
  })

  test('owes nobody anything: what is paid while it is being deleted, or long after, is paid back, and the books balance', async () => {
    const customers = [await shop.customer(), await shop.customer()] as const
    for (const [index, customer] of customers.entries()) {
      const order = await shop.order(customer, team)
      if (index === 0) {
        await remove(customer)
        await shop.gateway.controls.pay(order.gatewayOrderId)
        await shop.settle()
        await shop.pass(0.1)
      } else {
        await removeWholly(customer)
        await shop.pass(2)
        await shop.gateway.controls.pay(order.gatewayOrderId)
      }
      await shop.settle()
      expect(await rows('select status from orders where org_id = $1', customer.orgId)).toEqual([
        { status: 'cancelled' },
      ])
      expect(await rows('select status, purpose from payments where org_id = $1', customer.orgId)).toEqual([
        { status: 'refunded', purpose: 'surplus' },
      ])
      expect(await rows('select 1 from invoices where org_id = $1', customer.orgId)).toEqual([])
      await shop.expectBooksInOrder({ [customer.orgId]: null })
    }
  })

  test('is found by reconciliation when nothing of such a payment was heard', async () => {
    const customer = await shop.customer()
    const order = await shop.order(customer, team)
    await removeWholly(customer)
    await shop.gateway.controls.pay(order.gatewayOrderId)
    await shop.news()
    await shop.pass(0.5)
    await shop.cron('billing-reconcile')
    expect(await rows('select status, purpose from payments where org_id = $1', customer.orgId)).toEqual([
      { status: 'refunded', purpose: 'surplus' },
    ])
    await shop.settle()
    await shop.expectBooksInOrder({ [customer.orgId]: null })
  })

  test('is charged by no mandate any more', async () => {
    const customer = await shop.customer()
    const { payments, controls } = shop.gateway
    const plan = await payments.createPlan({ name: 'Team', period: 'month', amountPaise: 589_882 })
    const mandate = await payments.createSubscription({
      planId: plan.id,
      totalCount: 120,
      startAt: null,
      upfront: null,
      notes: {},
    })
    await shop.owner`
      insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise, gateway_subscription_id)
      values (${newId()}, ${customer.orgId}, 'team', 'month', 5, 'incomplete', 'mandate', 499900, ${mandate.id})`
    await controls.authorizeMandate(mandate.id)
    await removeWholly(customer)
    expect((await payments.fetchSubscription(mandate.id)).status).toBe('cancelled')
    // What it had charged before that anybody heard of it goes back too.
    await shop.settle()
    await shop.cron('billing-follow-up')
    await shop.settle()
    expect(await rows('select distinct status, purpose from payments where org_id = $1', customer.orgId)).toEqual([
      { status: 'refunded', purpose: 'surplus' },
    ])
    expect(await rows('select status from subscriptions where org_id = $1', customer.orgId)).toEqual([
      { status: 'cancelled' },
    ])
    await shop.expectBooksInOrder({ [customer.orgId]: null })
  })

  test('takes no order that is made at the same moment', { timeout: 120000 }, async () => {
    for (let round = 0; round < 40; round++) {
      const customer = await shop.customer()
      const [answer] = await Promise.all([
        call(shop.url, 'POST', '/v1/billing/orders', { token: customer.token, body: team }),
        remove(customer),
      ])
      expect([201, 404, 409]).toContain(answer.status)
      await shop.drain()
      const open = await rows(`select status from orders where org_id = $1 and status <> 'cancelled'`, customer.orgId)
      expect(open).toEqual([])
      const live = await rows('select status from subscriptions where org_id = $1 and ended_at is null', customer.orgId)
      expect(live).toEqual([])
    }
  })
})

test('an organization that never had to do with money goes without a trace', async () => {
  const token = await shop.product.signUp()
  const { body } = await call(shop.url, 'POST', '/v1/organizations', { token, body: { name: 'Free' } })
  await removeWholly({ token, orgId: body.id } as Customer)
  expect(await rowsOf(shop.owner, body.id)).toEqual({})
})
