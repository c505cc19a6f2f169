import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { testSettings } from '../../../../tests/setup/billing-invoices.ts'
import { createPayingCustomer, noon, type PayingCustomer } from '../../../../tests/setup/billing-payments.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { type Database, nobody, type Scope, system } from '../../../platform/database/index.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import { dueOf, type OrderRow } from '../orders/rows.ts'
import { readWebhook } from '../wire.ts'
import { readReceived, receiveWebhook } from './receive.ts'
import { rematchEvents } from './rematch.ts'
import { applyStoredEvent } from './stored.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let customer: PayingCustomer
/** Messages that were sent, with the organization that they were sent in. */
let sent: { orgId: string | null; name: string; payload: unknown }[]

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(10)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})
beforeEach(async () => {
  customer = await createPayingCustomer(database, owner)
  sent = []
})

/** What a route or a schedule works with. */
function within<Result>(scope: Scope, work: (context: Parameters<typeof rematchEvents>[0]) => Promise<Result>) {
  return database.transaction(scope, (sql: Sql) => {
    let orgId: string | null = null
    return work({
      sql,
      now: noon,
      enqueue: async ({ name }, payload) => void sent.push({ orgId, name, payload }),
      audit: () => {},
      async enter(id) {
        await sql`select set_config('app.org_id', ${id}, true)`
        orgId = id
      },
    })
  })
}

const receive = (body: unknown, eventId: string | undefined = newId()) => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body))
  return within(nobody, (context) => receiveWebhook(context, readReceived(eventId, bytes)))
}
const rematch = () => within(system, (context) => rematchEvents(context, testSettings))
const eventsOf = (id: string) => owner`select org_id, type, status, payload from gateway_events where id = ${id}`

/** An event as the gateway writes it. */
function captured(
  order: Pick<OrderRow, 'id' | 'gateway_order_id' | 'total_paise' | 'credit_paise'>,
  more: object = {},
) {
  const entity = {
    id: `pay_${order.id.replaceAll('-', '')}`,
    entity: 'payment',
    order_id: order.gateway_order_id,
    status: 'captured',
    amount: dueOf(order),
    amount_refunded: 0,
    currency: 'INR',
    fee: 100,
    tax: 15,
    method: 'card',
    card: { name: 'Someone', last4: '1111' },
    email: 'someone@example.org',
    contact: '+919999999999',
    created_at: 1_790_000_000,
  }
  return {
    entity: 'event',
    event: 'payment.captured',
    created_at: 1_790_000_000,
    payload: { payment: { entity }, ...more },
  }
}

describe('an event', () => {
  test('is kept and sent on once, however often and at once it comes', async () => {
    const [order, eventId] = [await customer.order(), newId()]
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => receive(captured(order), eventId)))
    expect(outcomes.toSorted()).toEqual([...Array(19).fill('duplicate'), 'received'])
    expect(sent).toEqual([{ orgId: customer.orgId, name: 'billing-apply-event', payload: { event_id: eventId } }])
    expect(await eventsOf(eventId)).toMatchObject([{ org_id: customer.orgId, status: 'received' }])
  })

  test('is applied once, also when its task comes twice', async () => {
    const [order, eventId] = [await customer.order(), newId()]
    await receive(captured(order), eventId)
    const apply = () => customer.change((effects) => applyStoredEvent(effects, customer.orgId, eventId))
    expect(await Promise.all([apply(), apply()])).toEqual(['applied', 'applied'])
    expect(await owner`select 1 from invoices where org_id = ${customer.orgId}`).toHaveLength(1)
  })

  test('of another organization is not there for this one', async () => {
    const [order, eventId] = [await customer.order(), newId()]
    await receive(captured(order), eventId)
    const stranger = await createPayingCustomer(database, owner)
    expect(await stranger.change((effects) => applyStoredEvent(effects, stranger.orgId, eventId))).toBeNull()
  })

  test('without an id is known by its bytes', async () => {
    const order = await customer.order()
    const bytes = Buffer.from(JSON.stringify(captured(order)))
    const outcomes = []
    for (let time = 0; time < 2; time++) {
      outcomes.push(await within(nobody, (context) => receiveWebhook(context, readReceived(undefined, bytes))))
    }
    expect(outcomes).toEqual(['received', 'duplicate'])
  })

  test('is kept without what tells of the person who paid', async () => {
    const [order, eventId] = [await customer.order(), newId()]
    await receive(captured(order), eventId)
    const [kept] = await eventsOf(eventId)
    expect(kept?.payload.payload.payment.entity).toMatchObject({ method: 'card', amount: dueOf(order) })
    expect(JSON.stringify(kept)).not.toMatch(/someone|9999999999|"1111"/i)
  })

  test.each([
    [
      'the bank account of a mandate',
      { token: { bank_details: { beneficiary_name: 'Someone', account_number: '1111' } } },
    ],
    ['the customer of an invoice', { customer_name: 'Someone', customer_contact: '9999999999' }],
    [
      'the account that was used',
      { acquirer_data: { upi_transaction_id: 'T1', vpa: 'someone@bank' }, bank_account_number: '1111' },
    ],
    [
      'who had their name written into notes',
      { notes: { name: 'Someone', phone: '9999999999', Email: 'someone@example.org' } },
    ],
    ['where to it is delivered', { shipping_address: { line1: 'Someone' }, mobile_number: '9999999999' }],
  ])('is kept without %s', async (_what, entity) => {
    const [order, eventId] = [await customer.order(), newId()]
    const body = captured(order)
    Object.assign(body.payload.payment.entity, entity)
    const payer_bank_account = { name: 'Someone', account_number: '1111' }
    const transfer = { bank_transfer: { entity: { mode: 'NEFT', payer_bank_account } } }
    expect(await receive({ ...body, payload: { ...body.payload, ...transfer } }, eventId)).toBe('received')
    const [kept] = await eventsOf(eventId)
    expect(JSON.stringify(kept)).not.toMatch(/someone|9999999999|"1111"/i)
    // What is kept is read as what came.
    expect(readWebhook(eventId, kept?.payload)).toEqual(readWebhook(eventId, body))
  })

  test('of objects of two organizations is applied in none of them', async () => {
    const stranger = await createPayingCustomer(database, owner)
    const [ours, theirs, eventId] = [await customer.order(), await stranger.order(), newId()]
    const order = {
      id: theirs.gateway_order_id,
      ...{ receipt: null, amount: 1, amount_paid: 1, currency: 'INR', status: 'paid', created_at: 1_790_000_000 },
    }
    expect(await receive(captured(ours, { order: { entity: order } }), eventId)).toBe('ignored')
    expect(await eventsOf(eventId)).toMatchObject([{ org_id: null, status: 'ignored' }])
    expect(await owner`select kind from billing_differences where subject = ${eventId}`).toMatchObject([
      { kind: 'event-of-several' },
    ])
    expect(sent).toEqual([])
  })

  test('that says in its notes whose it is, is not believed', async () => {
    const body = captured({ id: newId(), gateway_order_id: 'order_unknown', total_paise: 500, credit_paise: 0 })
    Object.assign(body.payload.payment.entity, { notes: { organization_id: customer.orgId } })
    expect(await receive(body)).toBe('unmatched')
    expect(await rematch()).toBe(0)
  })
})

describe('what can’t be applied', () => {
  const downtime = { entity: 'event', event: 'payment.downtime.started', created_at: 1_790_000_000, payload: {} }
  const malformed = { ...downtime, event: 'payment.captured', payload: { payment: { entity: { id: 'pay_1' } } } }

  test.each([
    ['of a kind that changes nothing', downtime, 'ignored', 'payment.downtime.started'],
    ['of an unknown kind', { ...downtime, event: 'something.new.happened' }, 'ignored', 'something.new.happened'],
    ['in a form that is not known', malformed, 'unreadable', 'unreadable'],
    ['that is no event', [1, 2], 'unreadable', 'unreadable'],
    ['that is no JSON', 'neither {json', 'unreadable', 'unreadable'],
    ['that is nothing', 'null', 'unreadable', 'unreadable'],
    ['deeper than can be followed', '['.repeat(100_000) + ']'.repeat(100_000), 'unreadable', 'unreadable'],
    [
      'with text that no database can hold',
      `${JSON.stringify(downtime).slice(0, -1)},"x":"\\u0000\\ud800"}`,
      'ignored',
      'payment.downtime.started',
    ],
  ])('%s is kept for somebody to look at', async (_what, body, outcome, type) => {
    const eventId = newId()
    expect(await receive(body, eventId)).toBe(outcome)
    expect(await receive(body, eventId)).toBe('duplicate')
    expect(await eventsOf(eventId)).toMatchObject([{ org_id: null, status: 'ignored', type }])
    const noted =
      await owner`select 1 from billing_differences where kind = 'event-unreadable' and subject = ${eventId}`
    expect(noted).toHaveLength(outcome === 'unreadable' ? 1 : 0)
    expect(sent).toEqual([])
  })
})

describe('an event of what is not known yet', () => {
  test('waits, and is sent on when it is known whose it is', async () => {
    const order = await customer.order()
    await owner`update orders set gateway_order_id = null where id = ${order.id}`
    const eventId = newId()
    expect(await receive(captured(order), eventId)).toBe('unmatched')
    expect(await rematch()).toBe(0)
    await owner`update orders set gateway_order_id = ${order.gateway_order_id} where id = ${order.id}`
    expect(await rematch()).toBe(1)
    expect(sent).toEqual([{ orgId: customer.orgId, name: 'billing-apply-event', payload: { event_id: eventId } }])
    expect(await customer.change((effects) => applyStoredEvent(effects, customer.orgId, eventId))).toBe('applied')
    expect(await rematch()).toBe(0)
  })

  test('of an organization of which nothing is left is applied by the schedule itself', async () => {
    const order = await customer.order()
    const { orgId } = customer
    await owner`update subscriptions set status = 'cancelled', ended_at = now() where org_id = ${orgId}`
    await owner`update billing_accounts set closed_at = now() where org_id = ${orgId}`
    await owner`delete from organizations where id = ${orgId}`
    const eventId = newId()
    expect(await receive(captured(order), eventId)).toBe('unmatched')
    expect(sent).toEqual([])
    expect(await rematch()).toBe(1)
    expect(await eventsOf(eventId)).toMatchObject([{ org_id: orgId, status: 'applied' }])
    expect(await owner`select status, purpose from refunds where org_id = ${orgId}`).toMatchObject([
      { status: 'requested', purpose: 'surplus' },
    ])
  })
})
