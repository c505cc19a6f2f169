import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { startTestGateway, type TestGateway } from '../../../../tests/setup/gateway.ts'
import { createInstallation, type Installation } from '../../../../tests/setup/reconciliation.ts'
import type { Subscriber } from '../../../../tests/setup/subscriptions.ts'

let gateway: TestGateway
let installation: Installation
let customer: Subscriber

beforeAll(async () => {
  gateway = await startTestGateway(inject('clusterUrl'))
  installation = await createInstallation(inject('clusterUrl'), gateway)
})
afterAll(async () => {
  await installation?.close()
  await gateway?.stop()
})
beforeEach(async () => {
  customer = await installation.customer()
  installation.tasks.length = 0
  await gateway.newEvents()
})

const minutes = (count: number) => gateway.advance(count * 60)
/** What a run asks for, for this customer. */
async function taken(): Promise<string[]> {
  await installation.followUp()
  const mine = installation.tasks.splice(0).filter(({ orgId }) => orgId === customer.orgId)
  return mine.map(({ name }) => name)
}

async function payment(status: 'captured' | 'authorized'): Promise<string> {
  const id = newId()
  await installation.owner`
    insert into payments (id, org_id, gateway_payment_id, status, amount_paise, captured_at, created_at, updated_at)
    values (${id}, ${customer.orgId}, ${`pay_${id.slice(-12)}`}, ${status}, 1000,
      ${status === 'captured' ? gateway.now() : null}, ${gateway.now()}, ${gateway.now()})`
  return id
}

async function refund(status: 'requested' | 'pending'): Promise<string> {
  const [id, paymentId] = [newId(), await payment('captured')]
  await installation.owner`
    insert into refunds (id, org_id, payment_id, gateway_refund_id, amount_paise, status, purpose, created_at, updated_at)
    values (${id}, ${customer.orgId}, ${paymentId}, ${status === 'pending' ? `rfnd_${id.slice(-12)}` : null}, 1000, ${status},
      'surplus', ${gateway.now()}, ${gateway.now()})`
  return id
}

describe('orders', () => {
  const statusOf = async (id: string) =>
    (await installation.owner`select status from orders where id = ${id}`)[0]?.status

  test('that nobody paid in time expire, and the gateway is asked about each once more', async () => {
    const order = await installation.order(customer)
    minutes(24 * 60 - 1)
    expect([await taken(), await statusOf(order.id)]).toEqual([[], 'created'])
    minutes(2)
    expect([await taken(), await statusOf(order.id)]).toEqual([['billing-apply-fetched'], 'expired'])
    expect(await taken()).toEqual([])
  })

  test('that were paid in time and not heard of are fulfilled although they have expired here', async () => {
    const order = await installation.order(customer)
    minutes(24 * 60 - 5)
    await gateway.controls.pay(order.gateway_order_id)
    minutes(10)
    await installation.followUp()
    expect(await statusOf(order.id)).toBe('expired')
    await installation.work()
    expect(await statusOf(order.id)).toBe('paid')
    expect(await customer.entitlement()).toMatchObject({ plan_id: 'team' })
    expect(await installation.broken()).toEqual([])
  })
})

describe('what has come to a stop', () => {
  test('is left alone for a quarter of an hour, then tried again, more and more seldom, a day apart at most', async () => {
    await refund('requested')
    const tries: number[] = []
    for (let at = 10; at <= 3 * 24 * 60; at += 10) {
      minutes(10)
      if ((await taken()).includes('billing-send-refund')) tries.push(at)
    }
    expect(tries.slice(0, 4)).toEqual([20, 50, 110, 230])
    const gaps = tries.slice(1).map((at, index) => at - tries[index]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(24 * 60 + 10)
    expect(tries.length).toBeLessThan(14)
  })

  test('is a refund that the gateway has taken and not ended, a payment that waits to be captured', async () => {
    await refund('pending')
    await payment('authorized')
    minutes(20)
    expect(await taken()).toEqual(['billing-apply-fetched'])
    minutes(6 * 60)
    expect((await taken()).toSorted()).toEqual(['billing-apply-fetched', 'billing-apply-fetched'])
  })

  test('is an event that was received and not applied, for three days; one that was applied is not', async () => {
    for (const [id, status] of [
      ['evt_stuck', 'received'],
      ['evt_applied', 'applied'],
      ['evt_ignored', 'ignored'],
    ] as const) {
      await installation.owner`
        insert into gateway_events (id, org_id, type, occurred_at, payload, status, received_at)
        values (${id}, ${customer.orgId}, 'payment.captured', ${gateway.now()}, '{}', ${status}, ${gateway.now()})`
    }
    expect(await taken()).toEqual([])
    minutes(16)
    await installation.followUp()
    expect(installation.tasks).toMatchObject([
      { orgId: customer.orgId, name: 'billing-apply-event', payload: { event_id: 'evt_stuck' } },
    ])
    installation.tasks.length = 0
    minutes(3 * 24 * 60)
    expect(await taken()).toEqual([])
  })

  test('is a mandate that is over here and was not ended at the gateway', async () => {
    const mandate = (gatewayId: string, status: string, gatewayStatus: string) => installation.owner`
      insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise, gateway_subscription_id,
        gateway_status, ended_at, created_at, updated_at)
      values (${newId()}, ${customer.orgId}, 'team', 'month', 5, ${status}, 'mandate', 1000, ${gatewayId}, ${gatewayStatus},
        ${status === 'cancelled' ? gateway.now() : null}, ${gateway.now()}, ${gateway.now()})`
    await mandate('sub_left', 'cancelled', 'active')
    await mandate('sub_ended', 'cancelled', 'cancelled')
    await mandate('sub_live', 'active', 'active')
    expect(await taken()).toEqual([])
    minutes(16)
    await installation.followUp()
    expect(installation.tasks.filter(({ orgId }) => orgId === customer.orgId)).toMatchObject([
      { name: 'billing-end-mandate', payload: { gateway_subscription_id: 'sub_left' } },
    ])
  })
})

test('each organization is followed up for itself, and its rows are changed in its own scope', async () => {
  const mine = await refund('requested')
  const other = await installation.customer()
  const first = customer
  customer = other
  const theirs = await refund('requested')
  minutes(20)
  await installation.followUp()
  const sent = installation.tasks.filter(({ orgId }) => [first.orgId, other.orgId].includes(orgId))
  expect(new Map(sent.map(({ orgId, payload }) => [orgId, payload.refund_id]))).toEqual(
    new Map([
      [first.orgId, mine],
      [other.orgId, theirs],
    ]),
  )
})
