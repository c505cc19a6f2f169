import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ListWindow, PaymentGateway } from '#shared/domain/billing/gateway.ts'
import { PlatformError } from '../errors.ts'

/** A gateway as a driver's suite needs it: with a customer who pays, and troubles on its way. */
export interface GatewayUnderTest {
  gateway: PaymentGateway
  /** The gateway's time. */
  now(): Date
  passSeconds(seconds: number): void
  customer: {
    /** @returns the payment's id */
    pay(orderId: string, outcome: 'captured' | 'authorized' | 'failed'): Promise<string>
    authorize(subscriptionId: string, method: 'card' | 'upi'): Promise<void>
  }
  /** The next charge of a mandate. */
  charge(subscriptionId: string, succeeds: boolean): Promise<void>
  /** Opens a dispute; returns its id. */
  dispute(paymentId: string): Promise<string>
  settle(): Promise<void>
  /** The next request that changes something or, of `GET`, reads something, of this path: */
  trouble(
    mode: 'refused' | 'answer-lost' | 'failed-after' | 'throttled',
    request: { method: string; path: string },
  ): void
}

/** What every driver of the port `PaymentGateway` guarantees. */
export function describePaymentGateway(driver: string, subject: () => GatewayUnderTest): void {
  const gateway = () => subject().gateway
  const newReceipt = () => `receipt-${randomUUID().slice(0, 8)}`
  const newOrder = (amountPaise = 589_882) => gateway().createOrder({ amountPaise, receipt: newReceipt(), notes: {} })

  async function paid(outcome: 'captured' | 'authorized' | 'failed' = 'captured', amountPaise = 589_882) {
    const order = await newOrder(amountPaise)
    return { order, paymentId: await subject().customer.pay(order.id, outcome) }
  }

  async function newSubscription(upfrontPaise: number | null = null, startInDays: number | null = null) {
    const plan = await gateway().createPlan({ name: 'Team, monthly', period: 'month', amountPaise: 589_882 })
    return gateway().createSubscription({
      planId: plan.id,
      totalCount: 120,
      startAt: startInDays === null ? null : new Date(subject().now().getTime() + startInDays * 86_400_000),
      upfront: upfrontPaise === null ? null : { name: 'First month', amountPaise: upfrontPaise },
      notes: { subscription_id: randomUUID() },
    })
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    )
    if (error instanceof PlatformError) return error.code
    throw error
  }

  const wholeTime = (): ListWindow => ({
    from: new Date(subject().now().getTime() - 400 * 86_400_000),
    to: new Date(subject().now().getTime() + 1000),
    count: 100,
    skip: 0,
  })

  describe(`${driver}: orders and payments`, () => {
    it('an order is what was asked for, and found again by its receipt', async () => {
      const receipt = newReceipt()
      const made = await gateway().createOrder({ amountPaise: 12_345, receipt, notes: { order_id: 'ours' } })
      expect(made).toMatchObject({ amountPaise: 12_345, paidPaise: 0, currency: 'INR', status: 'created', receipt })
      expect(await gateway().fetchOrder(made.id)).toEqual(made)
      expect(await gateway().createOrder({ amountPaise: 12_345, receipt, notes: {} })).toEqual(made)
      expect(await codeOf(gateway().createOrder({ amountPaise: 12_346, receipt, notes: {} }))).toBe('INVALID_ARGUMENT')
    })

    it('a payment pays its order, at a fee', async () => {
      const { order, paymentId } = await paid()
      const payment = await gateway().fetchPayment(paymentId)
      expect(payment).toMatchObject({ orderId: order.id, status: 'captured', amountPaise: 589_882, refundedPaise: 0 })
      expect(payment.feePaise).toBeGreaterThan(payment.feeTaxPaise ?? Number.NaN)
      expect(await gateway().fetchOrder(order.id)).toMatchObject({ status: 'paid', paidPaise: 589_882 })
      expect(await gateway().paymentsOfOrder(order.id)).toEqual([payment])
    })

    it('a payment that failed says why, and another may follow', async () => {
      const { order, paymentId } = await paid('failed')
      const failed = await gateway().fetchPayment(paymentId)
      expect(failed).toMatchObject({ status: 'failed', feePaise: null, errorCode: expect.any(String) })
      expect(await gateway().fetchOrder(order.id)).toMatchObject({ status: 'attempted', paidPaise: 0 })
      await subject().customer.pay(order.id, 'captured')
      expect((await gateway().paymentsOfOrder(order.id)).map(({ status }) => status).sort()).toEqual([
        'captured',
        'failed',
      ])
    })

    it('what was authorized is captured once, however often that is asked', async () => {
      const { paymentId } = await paid('authorized')
      expect(await codeOf(gateway().capturePayment(paymentId, 1_000))).toBe('INVALID_ARGUMENT')
      for (const _ of [1, 2]) {
        expect(await gateway().capturePayment(paymentId, 589_882)).toMatchObject({ status: 'captured' })
      }
      const { paymentId: failed } = await paid('failed')
      expect(await codeOf(gateway().capturePayment(failed, 589_882))).toBe('INVALID_ARGUMENT')
    })

    it('what is not there is not found', async () => {
      const calls = [
        gateway().fetchOrder('order_00000000000000'),
        gateway().paymentsOfOrder('order_00000000000000'),
        gateway().fetchPayment('pay_00000000000000'),
        gateway().fetchPayment('../orders'),
        gateway().capturePayment('pay_00000000000000', 100),
        gateway().createRefund({ paymentId: 'pay_00000000000000', amountPaise: 100, ourId: randomUUID() }),
        gateway().fetchRefund('rfnd_00000000000000'),
        gateway().fetchDispute('disp_00000000000000'),
        gateway().fetchSubscription('sub_00000000000000'),
        gateway().cancelSubscription('sub_00000000000000', 'now'),
        gateway().fetchInvoice('inv_00000000000000'),
      ]
      expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(['NOT_FOUND']))
    })
  })

  describe(`${driver}: refunds`, () => {
    it('the same refund asked for again, or at the same time, is one', async () => {
      const { paymentId } = await paid()
      const ourId = randomUUID()
      const ask = () => gateway().createRefund({ paymentId, amountPaise: 100_000, ourId })
      const refunds = [...(await Promise.all([ask(), ask(), ask()])), await ask()]
      expect(new Set(refunds.map(({ id }) => id)).size).toBe(1)
      expect(refunds[0]).toMatchObject({ paymentId, amountPaise: 100_000, ourId })
      expect(await gateway().refundsOfPayment(paymentId)).toHaveLength(1)
      expect((await gateway().fetchRefund(refunds[0]!.id)).ourId).toBe(ourId)
      expect(await gateway().fetchPayment(paymentId)).toMatchObject({ status: 'captured', refundedPaise: 100_000 })
    })

    it('no more goes back than was paid', async () => {
      const { paymentId } = await paid()
      const refund = (amountPaise: number) => gateway().createRefund({ paymentId, amountPaise, ourId: randomUUID() })
      expect(await codeOf(refund(589_883))).toBe('INVALID_ARGUMENT')
      await refund(500_000)
      expect(await codeOf(refund(89_883))).toBe('INVALID_ARGUMENT')
      await refund(89_882)
      expect(await gateway().fetchPayment(paymentId)).toMatchObject({ status: 'refunded', refundedPaise: 589_882 })
      expect(await codeOf(refund(100))).toBe('INVALID_ARGUMENT')
      const { paymentId: authorized } = await paid('authorized')
      const early = gateway().createRefund({ paymentId: authorized, amountPaise: 100, ourId: randomUUID() })
      expect(await codeOf(early)).toBe('INVALID_ARGUMENT')
    })
  })

  describe(`${driver}: mandates`, () => {
    it('what is due upfront is paid with the authorization, and charges begin when they are to', async () => {
      const { id, shortUrl, status } = await newSubscription(400_000, 30)
      expect([status, URL.canParse(shortUrl ?? '')]).toEqual(['created', true])
      await subject().customer.authorize(id, 'card')
      const authorized = await gateway().fetchSubscription(id)
      expect(authorized).toMatchObject({ status: 'authenticated', paidCount: 0, paymentMethod: 'card' })
      const [upfront] = await gateway().invoicesOfSubscription(id)
      expect(upfront).toMatchObject({ amountPaise: 400_000, status: 'paid', subscriptionId: id })
      const payment = await gateway().fetchPayment(upfront!.paymentId!)
      expect(payment).toMatchObject({ status: 'captured', amountPaise: 400_000, invoiceId: upfront!.id })

      await subject().charge(id, true)
      const active = await gateway().fetchSubscription(id)
      expect(active).toMatchObject({ status: 'active', paidCount: 1, currentStart: authorized.startAt })
      const charged = (await gateway().invoicesOfSubscription(id)).find((invoice) => invoice.id !== upfront!.id)!
      expect(charged).toMatchObject({
        amountPaise: 589_882,
        billingStart: active.currentStart,
        billingEnd: active.currentEnd,
      })
      expect(await gateway().fetchInvoice(charged.id)).toEqual(charged)
    })

    it('a charge that fails is pending, and paid later goes on', async () => {
      const { id } = await newSubscription()
      await subject().customer.authorize(id, 'upi')
      await subject().charge(id, false)
      expect(await gateway().fetchSubscription(id)).toMatchObject({ status: 'pending', paidCount: 1 })
      for (const _ of [1, 2, 3]) await subject().charge(id, false)
      expect(await gateway().fetchSubscription(id)).toMatchObject({ status: 'halted', paidCount: 1 })
      await subject().charge(id, true)
      expect(await gateway().fetchSubscription(id)).toMatchObject({ status: 'active', paidCount: 2 })
    })

    it('pausing, resuming and cancelling twice is as once', async () => {
      const { id } = await newSubscription()
      await subject().customer.authorize(id, 'card')
      for (const _ of [1, 2]) expect(await gateway().pauseSubscription(id)).toMatchObject({ status: 'paused' })
      for (const _ of [1, 2]) expect(await gateway().resumeSubscription(id)).toMatchObject({ status: 'active' })
      expect(await gateway().cancelSubscription(id, 'period-end')).toMatchObject({ status: 'active' })
      for (const _ of [1, 2]) {
        const cancelled = await gateway().cancelSubscription(id, 'now')
        expect(cancelled).toMatchObject({ status: 'cancelled', endedAt: expect.any(Date) })
      }
      expect(await codeOf(gateway().resumeSubscription(id))).toBe('INVALID_ARGUMENT')
    })

    it('a change of plan holds from the next period, where the method of payment allows one', async () => {
      const dearer = await gateway().createPlan({ name: 'Business', period: 'month', amountPaise: 1_400_000 })
      const { id, planId } = await newSubscription()
      await subject().customer.authorize(id, 'card')
      const updated = await gateway().updateSubscription(id, { planId: dearer.id, when: 'period-end' })
      expect(updated.planId).toBe(planId)
      await subject().charge(id, true)
      expect((await gateway().fetchSubscription(id)).planId).toBe(dearer.id)
      const byUpi = await newSubscription()
      await subject().customer.authorize(byUpi.id, 'upi')
      const change = gateway().updateSubscription(byUpi.id, { planId: dearer.id, when: 'period-end' })
      expect(await codeOf(change)).toBe('INVALID_ARGUMENT')
    })
  })

  describe(`${driver}: lists`, () => {
    it('show what was made within a window, its ends included, page by page', async () => {
      subject().passSeconds(1000)
      const from = subject().now()
      const made: string[] = []
      for (const _ of [1, 2, 3]) {
        made.push((await newOrder()).id)
        subject().passSeconds(10)
      }
      subject().passSeconds(-10)
      const to = subject().now()
      subject().passSeconds(10)
      await newOrder()
      const page = async (skip: number) =>
        (await gateway().listOrders({ from, to, count: 2, skip })).map(({ id }) => id)
      expect([...(await page(0)), ...(await page(2))].sort()).toEqual(made.sort())
      expect(await page(4)).toEqual([])
    })

    it('show each kind as it is when it is fetched', async () => {
      const { paymentId } = await paid()
      const refund = await gateway().createRefund({ paymentId, amountPaise: 100, ourId: randomUUID() })
      const disputeId = await subject().dispute(paymentId)
      const subscription = await newSubscription()
      await subject().settle()
      const window = wholeTime()
      expect(await gateway().listPayments(window)).toContainEqual(await gateway().fetchPayment(paymentId))
      expect(await gateway().listRefunds(window)).toContainEqual(refund)
      expect(await gateway().listDisputes(window)).toContainEqual(await gateway().fetchDispute(disputeId))
      expect(await gateway().listSubscriptions(window)).toContainEqual(subscription)
      const [settlement] = await gateway().listSettlements(window)
      expect(settlement).toMatchObject({ status: 'processed', utr: expect.any(String) })
      expect(settlement!.amountPaise).toBeGreaterThan(0)
    })
  })

  describe(`${driver}: in trouble`, () => {
    it.each(['refused', 'answer-lost', 'failed-after', 'throttled'] as const)(
      'what can be repeated is done once, and answered, when it is %s',
      async (mode) => {
        const { trouble, customer } = subject()
        const receipt = newReceipt()
        trouble(mode, { method: 'POST', path: '/orders' })
        const draft = { amountPaise: 100_000, receipt, notes: {} }
        // Whether it was made isn't known: its receipt tells, at once or to whoever asks again.
        const order = await gateway()
          .createOrder(draft)
          .catch(() => gateway().createOrder(draft))
        const orders = await gateway().listOrders(wholeTime())
        expect(orders.filter((one) => one.receipt === receipt)).toHaveLength(1)

        trouble(mode, { method: 'GET', path: '/orders' })
        expect(await gateway().fetchOrder(order.id)).toMatchObject({ status: 'created' })

        const paymentId = await customer.pay(order.id, 'authorized')
        trouble(mode, { method: 'POST', path: '/capture' })
        expect(await gateway().capturePayment(paymentId, 100_000)).toMatchObject({ status: 'captured' })

        trouble(mode, { method: 'POST', path: '/refund' })
        await gateway().createRefund({ paymentId, amountPaise: 40_000, ourId: randomUUID() })
        expect(await gateway().refundsOfPayment(paymentId)).toHaveLength(1)

        const { id } = await newSubscription()
        await customer.authorize(id, 'card')
        trouble(mode, { method: 'POST', path: '/pause' })
        expect(await gateway().pauseSubscription(id)).toMatchObject({ status: 'paused' })
        trouble(mode, { method: 'POST', path: '/resume' })
        expect(await gateway().resumeSubscription(id)).toMatchObject({ status: 'active' })
        trouble(mode, { method: 'POST', path: '/cancel' })
        expect(await gateway().cancelSubscription(id, 'now')).toMatchObject({ status: 'cancelled' })
      },
    )

    it.each(['answer-lost', 'failed-after'] as const)(
      'what could happen twice is not repeated when it is %s',
      async (mode) => {
        const before = (await gateway().listSubscriptions(wholeTime())).length
        const plan = await gateway().createPlan({ name: 'Team', period: 'year', amountPaise: 5_898_820 })
        subject().trouble(mode, { method: 'POST', path: '/subscriptions' })
        const draft = { planId: plan.id, totalCount: 10, startAt: null, upfront: null, notes: {} }
        expect(await codeOf(gateway().createSubscription(draft))).toBe('UNAVAILABLE')
        expect((await gateway().listSubscriptions(wholeTime())).length).toBe(before + 1)
      },
    )

    it('nobody waits who has gone', async () => {
      const { id } = await newOrder()
      expect(await codeOf(gateway().fetchOrder(id, AbortSignal.abort()))).toBe('UNAVAILABLE')
    })
  })
}
