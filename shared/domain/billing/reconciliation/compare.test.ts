import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  DisputeSnapshot,
  GatewaySubscriptionStatus,
  OrderSnapshot,
  PaymentSnapshot,
  RefundSnapshot,
  SettlementSnapshot,
  SubscriptionSnapshot,
} from '../gateway.ts'
import type { GatewayBooks, OurBooks, OurPayment } from './books.ts'
import { compare } from './compare.ts'
import type { Findings } from './findings.ts'

const at = new Date('2026-11-21T10:00:00Z')
const window = { from: new Date('2026-11-18T10:00:00Z'), to: at }
const orgs = ['org-a', 'org-b'] as const

const nothing: OurBooks = {
  payments: [],
  expectedPayments: [],
  refunds: [],
  expectedRefunds: [],
  orders: [],
  subscriptions: [],
  disputes: [],
  settlements: [],
  parkedPaymentIds: [],
}

function books(shown: Partial<GatewayBooks>): GatewayBooks {
  return {
    window,
    listedAt: at,
    payments: [],
    orders: [],
    refunds: [],
    subscriptions: [],
    disputes: [],
    settlements: [],
    subscriptionOfInvoice: new Map(),
    ...shown,
  }
}

function payment(over: Partial<PaymentSnapshot> & { id: string }): PaymentSnapshot {
  return {
    orderId: null,
    invoiceId: null,
    status: 'captured',
    amountPaise: 50_000,
    refundedPaise: 0,
    currency: 'INR',
    feePaise: 1180,
    feeTaxPaise: 180,
    method: 'card',
    errorCode: null,
    errorDescription: null,
    createdAt: at,
    ...over,
  }
}

function refund(over: Partial<RefundSnapshot> & { id: string; paymentId: string }): RefundSnapshot {
  return { amountPaise: 1000, currency: 'INR', status: 'processed', ourId: null, createdAt: at, ...over }
}

/** The row that applying a snapshot makes. */
function paymentRow(shown: PaymentSnapshot, orgId: string): OurPayment {
  const { amountPaise, refundedPaise } = shown
  const paidBack = refundedPaise === amountPaise ? 'refunded' : 'partially_refunded'
  return {
    gateway_payment_id: shown.id,
    org_id: orgId,
    status: refundedPaise > 0 ? paidBack : shown.status,
    amount_paise: amountPaise,
    refunded_paise: refundedPaise,
    taken_back_paise: refundedPaise,
    fee_paise: shown.feePaise,
    was_captured: shown.status === 'captured',
  }
}

// ---- any life of the gateway's, and how much of it we have heard ---------------------------------------------------

/** What happened to one order, and the number of steps that were heard of (0: nothing). */
interface Story {
  orgId: string
  /** A charge of a mandate, or an order that is paid at the checkout. */
  via: 'order' | 'mandate'
  steps: readonly ('failed' | 'authorized' | 'captured' | 'refund' | 'disputed' | 'lost')[]
  heard: number
}

const story: fc.Arbitrary<Story> = fc
  .record({
    orgId: fc.constantFrom(...orgs),
    via: fc.constantFrom('order' as const, 'mandate' as const),
    steps: fc.constantFrom<Story['steps']>(
      ['failed'],
      ['authorized'],
      ['failed', 'authorized', 'captured'],
      ['authorized', 'captured'],
      ['captured', 'refund'],
      ['captured', 'refund', 'refund'],
      ['captured', 'disputed'],
      ['authorized', 'captured', 'disputed', 'lost'],
    ),
    heard: fc.nat(4),
  })
  .map((drawn) => ({ ...drawn, heard: Math.min(drawn.heard, drawn.steps.length) }))

/** The objects of a story after so many of its steps. */
function shownAfter({ via, steps }: Story, name: string, count: number) {
  const done = steps.slice(0, count)
  const has = (step: Story['steps'][number]) => done.includes(step)
  const refundedPaise = done.filter((step) => step === 'refund').length * 1000
  const status = has('captured') ? 'captured' : has('authorized') ? 'authorized' : 'failed'
  const paid = payment({
    id: `pay_${name}`,
    status,
    refundedPaise,
    ...(via === 'order' ? { orderId: `order_${name}` } : { invoiceId: `inv_${name}` }),
    feePaise: has('captured') ? 1180 : null,
    feeTaxPaise: has('captured') ? 180 : null,
  })
  const order: OrderSnapshot = {
    id: `order_${name}`,
    receipt: null,
    amountPaise: 50_000,
    paidPaise: has('captured') ? 50_000 : 0,
    currency: 'INR',
    status: has('captured') ? 'paid' : count > 0 ? 'attempted' : 'created',
    createdAt: at,
  }
  const subscription: SubscriptionSnapshot = {
    id: `sub_${name}`,
    planId: 'plan_1',
    status: has('captured') ? 'active' : 'authenticated',
    paidCount: has('captured') ? 1 : 0,
    totalCount: 120,
    currentStart: null,
    currentEnd: null,
    chargeAt: null,
    startAt: null,
    endedAt: null,
    paymentMethod: 'card',
    shortUrl: null,
    createdAt: at,
  }
  const refunds = done.flatMap((step, index) =>
    step === 'refund' ? [refund({ id: `rfnd_${name}_${index}`, paymentId: paid.id })] : [],
  )
  const disputes: DisputeSnapshot[] = has('disputed')
    ? [
        {
          id: `disp_${name}`,
          paymentId: paid.id,
          amountPaise: 50_000,
          deductedPaise: has('lost') ? 50_000 : 0,
          currency: 'INR',
          status: has('lost') ? 'lost' : 'open',
          reasonCode: null,
          respondBy: null,
          createdAt: at,
        },
      ]
    : []
  return { payments: count > 0 ? [paid] : [], order, subscription, refunds, disputes }
}

/** The gateway's books of all stories, and ours of what was heard. */
function tell(stories: readonly Story[]): { theirs: GatewayBooks; ours: OurBooks } {
  const shown = stories.map((one, index) => ({ ...one, ...shownAfter(one, `${index}`, one.steps.length) }))
  const heard = stories.map((one, index) => ({ ...one, ...shownAfter(one, `${index}`, one.heard) }))
  const ofOrders = <Item extends { via: Story['via'] }>(items: Item[]) => items.filter(({ via }) => via === 'order')
  const ofMandates = <Item extends { via: Story['via'] }>(items: Item[]) => items.filter(({ via }) => via === 'mandate')
  return {
    theirs: books({
      payments: shown.flatMap(({ payments }) => payments),
      orders: ofOrders(shown).map(({ order }) => order),
      refunds: shown.flatMap(({ refunds }) => refunds),
      disputes: shown.flatMap(({ disputes }) => disputes),
      subscriptions: ofMandates(shown).map(({ subscription }) => subscription),
      subscriptionOfInvoice: new Map(stories.map((_, index) => [`inv_${index}`, `sub_${index}`])),
    }),
    ours: {
      ...nothing,
      payments: heard.flatMap(({ payments, orgId }) => payments.map((paid) => paymentRow(paid, orgId))),
      orders: ofOrders(heard).map(({ order, orgId }) => ({
        gateway_order_id: order.id,
        org_id: orgId,
        status: order.status,
        payable_paise: order.amountPaise,
      })),
      refunds: heard.flatMap(({ refunds, orgId }) =>
        refunds.map(({ id, paymentId, status, amountPaise }) => ({
          gateway_refund_id: id,
          gateway_payment_id: paymentId,
          org_id: orgId,
          status,
          amount_paise: amountPaise,
        })),
      ),
      disputes: heard.flatMap(({ disputes, orgId }) =>
        disputes.map(({ id, status, deductedPaise }) => ({
          gateway_dispute_id: id,
          org_id: orgId,
          status,
          deducted_paise: deductedPaise,
          updated_at: '2026-11-20T10:00:00.000Z',
        })),
      ),
      subscriptions: ofMandates(heard).map(({ subscription, orgId }) => ({
        gateway_subscription_id: subscription.id,
        org_id: orgId,
        gateway_status: subscription.status,
        gateway_paid_count: subscription.paidCount,
        must_be_ended: false,
        was_replaced: false,
      })),
    },
  }
}

const stories = fc.array(story, { maxLength: 8 })

/** What was found, without order. */
function asSets({ examined: _, ...lists }: Findings) {
  return Object.entries(lists).map(([name, items]) => [name, items.map((item) => JSON.stringify(item)).toSorted()])
}

describe('comparing with the gateway', () => {
  test('finds nothing where everything was heard', () => {
    fc.assert(
      fc.property(stories, (told) => {
        const { theirs, ours } = tell(told.map((one) => ({ ...one, heard: one.steps.length })))
        const { examined, ...found } = compare(theirs, ours)
        for (const [name, items] of Object.entries(found)) expect(items, name).toEqual([])
        expect(examined.size).toBeGreaterThanOrEqual(theirs.payments.length)
      }),
    )
  })

  test('repairs whatever was not heard, with no difference, for the organization whose it is, and then agrees', () => {
    fc.assert(
      fc.property(stories, (told) => {
        const { theirs, ours } = tell(told)
        const { repairs, differences, doubts, receipts } = compare(theirs, ours)
        expect([differences, doubts, receipts]).toEqual([[], [], []])
        const repaired = told.map((one, index) => {
          const names = [`pay_${index}`, `order_${index}`, `sub_${index}`, `disp_${index}`, `rfnd_${index}_`]
          const own = repairs.filter(({ gatewayId }) => names.some((name) => gatewayId.startsWith(name)))
          expect(own.every(({ orgId }) => orgId === one.orgId)).toBe(true)
          // Something is missing exactly where something is repaired.
          expect(own.length > 0).toBe(one.heard < one.steps.length)
          return { ...one, heard: one.steps.length }
        })
        expect(compare(tell(repaired).theirs, tell(repaired).ours).repairs).toEqual([])
      }),
    )
  })

  test('comes to the same whatever the order of the lists and however often something is listed', () => {
    const shuffled = fc.record({ told: stories, twice: fc.boolean(), reversed: fc.boolean() })
    fc.assert(
      fc.property(shuffled, ({ told, twice, reversed }) => {
        const { theirs, ours } = tell(told)
        const mixed = <Item>(items: readonly Item[]): Item[] => {
          const all = twice ? [...items, ...items] : [...items]
          return reversed ? all.toReversed() : all
        }
        const { payments, orders, refunds, subscriptions, disputes, settlements, ...rest } = theirs
        const again: GatewayBooks = {
          ...rest,
          payments: mixed(payments),
          orders: mixed(orders),
          refunds: mixed(refunds),
          subscriptions: mixed(subscriptions),
          disputes: mixed(disputes),
          settlements: mixed(settlements),
        }
        expect(asSets(compare(again, ours))).toEqual(asSets(compare(theirs, ours)))
      }),
    )
  })

  test('accounts for every payment that was taken, exactly once: known, repaired, parked, in doubt or different', () => {
    const taken = fc.record({
      known: fc.boolean(),
      withOrder: fc.boolean(),
      currency: fc.constantFrom('INR', 'INR', 'USD'),
      status: fc.constantFrom<PaymentSnapshot['status']>('captured', 'refunded'),
      refundedPaise: fc.constantFrom(0, 10_000, 50_000),
      ourRefunded: fc.constantFrom(0, 10_000, 50_000),
      ourAmount: fc.constantFrom(50_000, 50_000, 49_999),
    })
    fc.assert(
      fc.property(fc.array(taken, { maxLength: 10 }), fc.boolean(), (all, wasAsked) => {
        const payments = all.map(({ currency, status, refundedPaise, withOrder }, index) =>
          payment({
            id: `pay_${index}`,
            currency,
            status,
            refundedPaise,
            orderId: withOrder ? `order_${index}` : null,
          }),
        )
        const ours: OurBooks = {
          ...nothing,
          payments: all.flatMap(({ known, ourRefunded, ourAmount }, index) =>
            known
              ? [
                  {
                    ...paymentRow(payments[index]!, 'org-a'),
                    refunded_paise: ourRefunded,
                    taken_back_paise: ourRefunded,
                    amount_paise: ourAmount,
                  },
                ]
              : [],
          ),
          orders: all.map((_, index) => ({
            gateway_order_id: `order_${index}`,
            org_id: 'org-b',
            status: 'created',
            payable_paise: 50_000,
          })),
        }
        const asked = new Set(wasAsked ? payments.map(({ id }) => id) : [])
        const found = compare(books({ payments }), ours, asked)
        for (const [index, { known, withOrder, currency, refundedPaise, ourRefunded, ourAmount }] of all.entries()) {
          const id = `pay_${index}`
          const isSettled = known && currency === 'INR' && ourAmount === 50_000 && refundedPaise === ourRefunded
          const places = [
            isSettled,
            found.repairs.some(({ gatewayId }) => gatewayId === id),
            found.receipts.some((receipt) => receipt.id === id) && !known && !withOrder,
            found.doubts.some(({ gatewayId }) => gatewayId === id),
            found.differences.some(({ subject, kind }) => subject === id && kind !== 'payment-unknown'),
          ]
          const left = refundedPaise < 50_000
          const isOfNobody = !known && !withOrder && currency === 'INR'
          expect(places.filter(Boolean), JSON.stringify(places)).toHaveLength(1)
          const isUnknown = found.differences.some((one) => one.subject === id && one.kind === 'payment-unknown')
          expect(isUnknown).toBe(isOfNobody && left)
        }
      }),
    )
  })
})

describe('what can not be explained', () => {
  const kinds = (found: Findings) => found.differences.map(({ kind, subject }) => `${kind} ${subject}`)

  test('our row being further than the list is a doubt, and a difference only when asking again says so too', () => {
    const shown = payment({ id: 'pay_1', status: 'authorized', orderId: 'order_1' })
    const ours = { ...nothing, payments: [paymentRow(payment({ id: 'pay_1' }), 'org-a')] }
    const first = compare(books({ payments: [shown] }), ours)
    expect(first.doubts).toEqual([{ kind: 'payment', gatewayId: 'pay_1', gatewayPaymentId: 'pay_1' }])
    expect([first.differences, first.repairs]).toEqual([[], []])
    // An older difference about it is not taken back on a doubt.
    expect(first.examined.has('pay_1')).toBe(false)
    const second = compare(books({ payments: [shown] }), ours, new Set(['pay_1']))
    expect([kinds(second), second.doubts]).toEqual([['payment-state-differs pay_1'], []])
  })

  test('a payment or refund that the gateway never shows is missing only when it was asked for by its id', () => {
    const row = paymentRow(payment({ id: 'pay_1' }), 'org-a')
    const back = {
      gateway_refund_id: 'rfnd_1',
      gateway_payment_id: 'pay_1',
      org_id: 'org-a',
      status: 'processed' as const,
      amount_paise: 500,
    }
    const ours = { ...nothing, expectedPayments: [row], expectedRefunds: [back] }
    expect(compare(books({}), ours).doubts.map(({ gatewayId }) => gatewayId)).toEqual(['pay_1', 'rfnd_1'])
    const asked = compare(books({}), ours, new Set(['pay_1', 'rfnd_1']))
    expect(asked.differences).toMatchObject([
      { kind: 'payment-missing', subject: 'pay_1', orgId: 'org-a', amountPaise: -50_000 },
      { kind: 'refund-missing', subject: 'rfnd_1', orgId: 'org-a', amountPaise: -500 },
    ])
  })

  test('other amounts are differences and are not repaired', () => {
    const found = compare(
      books({
        payments: [payment({ id: 'pay_1', amountPaise: 60_000 })],
        orders: [
          {
            id: 'order_1',
            receipt: null,
            amountPaise: 60_000,
            paidPaise: 60_000,
            currency: 'INR',
            status: 'paid',
            createdAt: at,
          },
        ],
        refunds: [refund({ id: 'rfnd_1', paymentId: 'pay_1', amountPaise: 999 })],
      }),
      {
        ...nothing,
        payments: [paymentRow(payment({ id: 'pay_1' }), 'org-a')],
        orders: [{ gateway_order_id: 'order_1', org_id: 'org-a', status: 'created', payable_paise: 50_000 }],
        refunds: [
          {
            gateway_refund_id: 'rfnd_1',
            gateway_payment_id: 'pay_1',
            org_id: 'org-a',
            status: 'processed',
            amount_paise: 1000,
          },
        ],
      },
    )
    expect(kinds(found)).toEqual([
      'payment-amount-differs pay_1',
      'order-amount-differs order_1',
      'refund-amount-differs rfnd_1',
    ])
    expect(found.differences.map(({ amountPaise }) => amountPaise)).toEqual([10_000, 10_000, -1])
    expect(found.repairs).toEqual([])
  })

  test('a refund of a parked payment is booked from there; one of a payment that nobody shows is unknown', () => {
    const refunds = ['pay_parked', 'pay_new', 'pay_never'].map((paymentId) =>
      refund({ id: `rfnd_${paymentId}`, paymentId }),
    )
    const found = compare(books({ payments: [payment({ id: 'pay_new', refundedPaise: 1000 })], refunds }), {
      ...nothing,
      parkedPaymentIds: ['pay_parked'],
    })
    expect(found.parkedRefunds.map(({ id }) => id)).toEqual(['rfnd_pay_parked', 'rfnd_pay_new'])
    expect(kinds(found)).toEqual(['payment-unknown pay_new', 'refund-unknown rfnd_pay_never'])
    expect(found.differences[0]!.amountPaise).toBe(49_000)
  })

  test('what was only authorized and given back by the gateway itself was never taken, whosever it is', () => {
    const back = { status: 'refunded' as const, feePaise: null, feeTaxPaise: null, refundedPaise: 50_000 }
    const payments = ['pay_ours', 'pay_nobodys'].map((id) => payment({ id, ...back }))
    const refunds = payments.map(({ id }) => refund({ id: `rfnd_${id}`, paymentId: id, amountPaise: 50_000 }))
    const found = compare(books({ payments, refunds }), { ...nothing, payments: [paymentRow(payments[0]!, 'org-a')] })
    expect([found.receipts, found.repairs, found.differences, found.parkedRefunds]).toEqual([[], [], [], []])
  })

  test('a refund that is still under way is no more than we know', () => {
    const shown = payment({ id: 'pay_1', refundedPaise: 1000 })
    const row = { ...paymentRow(payment({ id: 'pay_1' }), 'org-a'), taken_back_paise: 1000 }
    const found = compare(books({ payments: [shown] }), { ...nothing, payments: [row] })
    expect([found.repairs, found.doubts]).toEqual([[], []])
  })

  test('a refund that failed tells that the customer is still owed the money', () => {
    const shown = refund({ id: 'rfnd_1', paymentId: 'pay_1', status: 'failed' })
    const row = {
      gateway_refund_id: 'rfnd_1',
      gateway_payment_id: 'pay_1',
      org_id: 'org-a',
      status: 'failed' as const,
      amount_paise: 1000,
    }
    const found = compare(books({ refunds: [shown] }), { ...nothing, refunds: [row] })
    expect(found.differences).toMatchObject([{ kind: 'refund-failed', orgId: 'org-a', amountPaise: 1000 }])
  })

  test('mandates that are over here are ended there, in every state in which they could be charged, and unknown ones are told', () => {
    const states: GatewaySubscriptionStatus[] = [
      'created',
      'authenticated',
      'active',
      'pending',
      'halted',
      'paused',
      'cancelled',
      'completed',
      'expired',
    ]
    const template = shownAfter({ orgId: 'org-a', via: 'mandate', steps: [], heard: 0 }, 'x', 0).subscription
    const subscriptions = states.flatMap((status) => [
      { ...template, id: `sub_over_${status}`, status },
      { ...template, id: `sub_unknown_${status}`, status },
    ])
    const found = compare(books({ subscriptions }), {
      ...nothing,
      subscriptions: states.map((status) => ({
        gateway_subscription_id: `sub_over_${status}`,
        org_id: 'org-a',
        gateway_status: null,
        gateway_paid_count: 0,
        must_be_ended: true,
        was_replaced: true,
      })),
    })
    const live = states.slice(0, 6)
    expect(found.mandatesToEnd).toEqual(
      live.map((status) => ({ orgId: 'org-a', gatewaySubscriptionId: `sub_over_${status}` })),
    )
    expect(kinds(found)).toEqual(live.slice(1).map((status) => `subscription-unknown sub_unknown_${status}`))
    expect(found.repairs).toEqual([])
  })

  test('that a mandate of ours has ended is taken in, also when its subscription is over', () => {
    const template = shownAfter({ orgId: 'org-a', via: 'mandate', steps: [], heard: 0 }, 'x', 0).subscription
    const subscriptions = [{ ...template, id: 'sub_1', status: 'cancelled' as const }]
    const row = { gateway_subscription_id: 'sub_1', org_id: 'org-a', gateway_paid_count: 0, was_replaced: false }
    for (const must_be_ended of [true, false]) {
      const ours = { ...nothing, subscriptions: [{ ...row, must_be_ended, gateway_status: 'active' }] }
      const { repairs, mandatesToEnd } = compare(books({ subscriptions }), ours)
      expect(repairs).toEqual([{ orgId: 'org-a', kind: 'subscription', gatewayId: 'sub_1' }])
      expect(mandatesToEnd).toEqual([])
    }
  })

  test('a settlement is booked once it is processed, and one that changes afterwards is a difference', () => {
    const settlement = (id: string, over: Partial<SettlementSnapshot> = {}): SettlementSnapshot => ({
      id,
      amountPaise: 1000,
      feesPaise: 0,
      taxPaise: 0,
      status: 'processed',
      utr: null,
      createdAt: at,
      ...over,
    })
    const row = (id: string, status: SettlementSnapshot['status']) => ({
      gateway_settlement_id: id,
      amount_paise: 1000,
      status,
    })
    const settlements = ['setl_new', 'setl_seen', 'setl_same'].map((id) => settlement(id))
    settlements.push(settlement('setl_more', { amountPaise: 1100 }), settlement('setl_back', { status: 'failed' }))
    const found = compare(books({ settlements }), {
      ...nothing,
      settlements: [
        row('setl_seen', 'created'),
        row('setl_same', 'processed'),
        row('setl_more', 'processed'),
        row('setl_back', 'processed'),
      ],
    })
    expect(found.settlements.map(({ id }) => id)).toEqual(['setl_new', 'setl_seen'])
    expect(kinds(found)).toEqual(['settlement-differs setl_more', 'settlement-differs setl_back'])
  })

  test('a dispute of nobody is told; one that ended here and goes on there is a difference unless our news are younger', () => {
    const shown = { ...shownAfter({ orgId: 'a', via: 'order', steps: ['disputed'], heard: 1 }, '1', 1).disputes[0]! }
    const row = {
      gateway_dispute_id: shown.id,
      org_id: 'org-a',
      status: 'won' as const,
      deducted_paise: 0,
      updated_at: '2026-11-20T10:00:00.000Z',
    }
    expect(kinds(compare(books({ disputes: [shown] }), nothing))).toEqual([`dispute-unknown ${shown.id}`])
    const older = compare(books({ disputes: [shown] }), { ...nothing, disputes: [row] })
    expect(kinds(older)).toEqual([`dispute-state-differs ${shown.id}`])
    const younger = { ...row, updated_at: '2026-11-21T10:00:01.000Z' }
    expect(kinds(compare(books({ disputes: [shown] }), { ...nothing, disputes: [younger] }))).toEqual([])
  })
})
