import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PaymentSnapshot } from '../gateway.ts'
import { paymentStatuses } from './rows.ts'
import { mergePayment, type PaymentState } from './state.ts'

const at = new Date('2026-11-21T06:30:00Z')
const news = (status: PaymentSnapshot['status'], changes: Partial<PaymentSnapshot> = {}): PaymentSnapshot => ({
  id: 'pay_1',
  orderId: 'order_1',
  invoiceId: null,
  status,
  amountPaise: 1_000,
  refundedPaise: 0,
  currency: 'INR',
  feePaise: status === 'captured' || status === 'refunded' ? 20 : null,
  feeTaxPaise: status === 'captured' || status === 'refunded' ? 3 : null,
  method: 'card',
  errorCode: status === 'failed' ? 'BAD_REQUEST_ERROR' : null,
  errorDescription: status === 'failed' ? 'x'.repeat(900) : null,
  createdAt: at,
  ...changes,
})

const merged = (all: readonly PaymentSnapshot[]) =>
  all.reduce<PaymentState | null>((known, one) => mergePayment(known, one), null)

test('a payment only goes forward, and in whatever order it is told and however often, it ends the same', () => {
  const told = fc.array(fc.constantFrom('created', 'failed', 'authorized', 'captured', 'refunded' as const), {
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(told, fc.infiniteStream(fc.nat()), (statuses, random) => {
      const all = statuses.map((status) => news(status))
      const keys = new Map(all.map((one) => [one, random.next().value]))
      const shuffled = all.toSorted((a, b) => keys.get(a)! - keys.get(b)!)
      expect(merged([...shuffled, ...all])).toEqual(merged(all))
      let rank = 0
      let known: PaymentState | null = null
      for (const one of all) {
        known = mergePayment(known, one)
        expect(paymentStatuses.indexOf(known.status)).toBeGreaterThanOrEqual(rank)
        rank = paymentStatuses.indexOf(known.status)
      }
    }),
  )
})

test('a failed payment that is authorized late has no error any more', () => {
  expect(merged([news('failed')])).toMatchObject({ status: 'failed', error_code: 'BAD_REQUEST_ERROR' })
  expect(merged([news('failed')])?.error_description).toHaveLength(500)
  const late = { status: 'authorized', error_code: null, error_description: null, captured_at: null }
  expect(merged([news('failed'), news('authorized')])).toMatchObject(late)
  expect(merged([news('authorized'), news('failed')])).toMatchObject(late)
})

test('what was paid back is counted by its refunds, not by what the gateway says of the payment', () => {
  const captured = merged([news('captured', { refundedPaise: 400 })])
  expect(captured).toMatchObject({ status: 'captured', refunded_paise: 0, captured_at: at })
  const known = { ...captured!, refunded_paise: 400 }
  expect(mergePayment(known, news('captured'))).toMatchObject({ status: 'partially_refunded', refunded_paise: 400 })
  expect(mergePayment({ ...known, refunded_paise: 1_000 }, news('captured')).status).toBe('refunded')
})

test('what was given back without ever having been taken was never captured', () => {
  const voided = news('refunded', { refundedPaise: 1_000, feePaise: null, feeTaxPaise: null })
  const expected = { status: 'refunded', refunded_paise: 1_000, captured_at: null }
  expect(merged([voided, news('authorized')])).toMatchObject(expected)
  expect(merged([news('authorized'), voided])).toMatchObject(expected)
})

test('a fee that is known stays as it was first said', () => {
  const fee = { fee_paise: 20, fee_tax_paise: 3 }
  expect(merged([news('captured'), news('captured', { feePaise: 99, feeTaxPaise: 9 })])).toMatchObject(fee)
  expect(merged([news('captured'), news('authorized')])).toMatchObject(fee)
  expect(merged([news('captured', { feeTaxPaise: null })])).toMatchObject({ fee_paise: 20, fee_tax_paise: 0 })
  // More of it than there is can't be tax; who has paid is not to wait for that.
  expect(merged([news('captured', { feeTaxPaise: 21 })])).toMatchObject({ fee_paise: 20, fee_tax_paise: 20 })
})
