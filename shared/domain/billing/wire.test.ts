import { describe, expect, it } from 'vitest'
import { AppError } from '../errors.ts'
import {
  readDispute,
  readGatewayInvoice,
  readOrder,
  readPayment,
  readRefund,
  readSettlement,
  readSubscription,
  readWebhook,
} from './wire.ts'

/* The shapes are those of https://razorpay.com/docs/webhooks/payloads and https://razorpay.com/docs/api. */
const payment = {
  id: 'pay_DESp9bgForNoUd',
  entity: 'payment',
  amount: 47_900,
  currency: 'INR',
  status: 'captured',
  order_id: 'order_DESoKvL8oXQbCD',
  invoice_id: null,
  international: false,
  method: 'upi',
  amount_refunded: 0,
  refund_status: null,
  captured: true,
  vpa: 'someone@upi',
  email: 'someone@example.com',
  notes: [],
  fee: 1652,
  tax: 252,
  error_code: '',
  error_description: null,
  created_at: 1_567_674_797,
}
const order = {
  id: 'order_DESoKvL8oXQbCD',
  entity: 'order',
  amount: 47_900,
  amount_paid: 47_900,
  amount_due: 0,
  currency: 'INR',
  receipt: null,
  offer_id: null,
  status: 'paid',
  attempts: 2,
  notes: [],
  created_at: 1_567_674_606,
}
const refund = {
  id: 'rfnd_DfjjhJC6eDvUAi',
  entity: 'refund',
  amount: 6000,
  currency: 'INR',
  payment_id: 'pay_DESp9bgForNoUd',
  notes: { refund_id: '018F0F00-0000-7000-8000-000000000001' },
  receipt: null,
  acquirer_data: { arn: null },
  created_at: 1_569_490_000,
  batch_id: null,
  status: 'processed',
  speed_processed: 'normal',
  speed_requested: 'normal',
}
const dispute = {
  id: 'disp_AHfqOvkldwsbqt',
  entity: 'dispute',
  payment_id: 'pay_DESp9bgForNoUd',
  amount: 10_000,
  currency: 'INR',
  amount_deducted: 0,
  reason_code: 'chargeback',
  respond_by: 1_590_604_200,
  status: 'open',
  phase: 'chargeback',
  created_at: 1_590_059_211,
  evidence: { summary: null },
}
const subscription = {
  id: 'sub_DEX6xcJ1HSW4CR',
  entity: 'subscription',
  plan_id: 'plan_BvrFKjSxauOH7N',
  customer_id: 'cust_C0WlbKhp3aLA7W',
  status: 'active',
  type: 2,
  current_start: 1_570_213_800,
  current_end: 1_572_892_200,
  ended_at: null,
  quantity: 1,
  notes: [],
  charge_at: 1_572_892_200,
  start_at: 1_570_213_800,
  end_at: 1_599_417_000,
  auth_attempts: 0,
  total_count: 12,
  paid_count: 1,
  customer_notify: true,
  created_at: 1_567_690_383,
  short_url: null,
  payment_method: 'card',
}
const settlement = {
  id: 'setl_DGlQ1Rj8os78Ec',
  entity: 'settlement',
  amount: 9_973_635,
  status: 'processed',
  fees: 471_699,
  tax: 42_070,
  utr: '1568176960vxp0rj',
  created_at: 1_568_176_960,
}
const event = (type: string, entities: Record<string, object>) => ({
  entity: 'event',
  account_id: 'acc_BFQ7uQEaa7j2z7',
  event: type,
  contains: Object.keys(entities),
  payload: Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }])),
  created_at: 1_567_674_800,
})

describe('what the gateway tells', () => {
  it('of a payment and its order', () => {
    expect(readWebhook('evt_1', event('order.paid', { payment, order }))).toEqual({
      id: 'evt_1',
      type: 'order.paid',
      occurredAt: new Date('2019-09-05T09:13:20Z'),
      payment: {
        id: 'pay_DESp9bgForNoUd',
        orderId: 'order_DESoKvL8oXQbCD',
        invoiceId: null,
        status: 'captured',
        amountPaise: 47_900,
        refundedPaise: 0,
        currency: 'INR',
        feePaise: 1652,
        feeTaxPaise: 252,
        method: 'upi',
        errorCode: null,
        errorDescription: null,
        createdAt: new Date('2019-09-05T09:13:17Z'),
      },
      order: {
        id: 'order_DESoKvL8oXQbCD',
        receipt: null,
        amountPaise: 47_900,
        paidPaise: 47_900,
        currency: 'INR',
        status: 'paid',
        createdAt: new Date('2019-09-05T09:10:06Z'),
      },
    })
  })

  it('of a refund: ours by its note, any other without', () => {
    expect(readRefund(refund)).toMatchObject({ ourId: '018f0f00-0000-7000-8000-000000000001', status: 'processed' })
    for (const notes of [[], {}, { refund_id: 'a word' }, { refund_id: 7 }, undefined]) {
      expect(readRefund({ ...refund, notes }).ourId).toBeNull()
    }
  })

  it('of a subscription, a dispute, a settlement and an invoice', () => {
    expect(readSubscription({ ...subscription, charge_at: null, payment_method: undefined })).toMatchObject({
      planId: 'plan_BvrFKjSxauOH7N',
      currentEnd: new Date(1_572_892_200_000),
      chargeAt: null,
      paymentMethod: null,
      paidCount: 1,
    })
    expect(readDispute(dispute)).toMatchObject({ deductedPaise: 0, respondBy: new Date(1_590_604_200_000) })
    expect(readSettlement({ ...settlement, amount: -500 })).toMatchObject({ amountPaise: -500, feesPaise: 471_699 })
    expect(
      readGatewayInvoice({ id: 'inv_1', amount: 5, status: 'paid', billing_start: 1_570_213_800, line_items: [] }),
    ).toMatchObject({ subscriptionId: null, billingStart: new Date(1_570_213_800_000), billingEnd: null })
  })

  it('of kinds that it may invent: the type alone', () => {
    const told = { id: 'evt_2', occurredAt: new Date(1_567_674_800_000) }
    for (const type of ['payment_link.paid', 'virtual_account.credited']) {
      expect(readWebhook('evt_2', event(type, { payment: { id: 7 } }))).toEqual({ ...told, type })
    }
    const downtime = { 'payment.downtime': { id: 'down_1' } }
    expect(readWebhook('evt_2', event('payment.downtime.started', downtime))).toEqual({
      ...told,
      type: 'payment.downtime.started',
    })
    expect(readWebhook('evt_2', { ...event('payment.failed', {}), payload: [] }).payment).toBeUndefined()
  })

  it('refuses what has another form, and repeats nothing of it', () => {
    const refused = [
      () => readPayment({ ...payment, amount: 47_900.5 }),
      () => readPayment({ ...payment, amount: '47900' }),
      () => readPayment({ ...payment, amount: -1 }),
      () => readPayment({ ...payment, status: 'secret-status' }),
      () => readPayment({ ...payment, id: "pay_'; drop" }),
      () => readPayment({ ...payment, currency: 'rupees' }),
      () => readPayment({ ...payment, created_at: 1e15 }),
      () => readOrder({ ...order, amount: Number.MAX_SAFE_INTEGER + 1 }),
      () => readOrder(null),
      () => readSubscription({ ...subscription, paid_count: -1 }),
      () => readWebhook('evt_3', []),
      () => readWebhook('evt_3', { ...event('payment.captured', { payment }), created_at: '2019' }),
      () => readWebhook('evt_3', { ...event('payment.captured', { payment }), payload: { payment: 5 } }),
      () => readWebhook('evt_3', event('payment.captured', { payment: { ...payment, order_id: 3 } })),
      () => readWebhook('evt_3', event('Payment Captured', {})),
    ]
    for (const attempt of refused) {
      let error: unknown
      try {
        attempt()
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'VALIDATION_ERROR' })
      expect(JSON.stringify(error)).not.toMatch(/secret-status|drop|rupees/)
    }
  })
})
