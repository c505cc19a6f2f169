import * as v from 'valibot'
import { Id, Timestamp } from '../../ids.ts'
import { PlainText } from '../../plain-text.ts'
import { Paise } from '../money.ts'
import { paymentStatuses } from './rows.ts'

export const GatewayId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be an id of the gateway'))

export const Payment = v.strictObject({
  id: Id,
  order_id: v.nullable(Id),
  subscription_id: v.nullable(Id),
  gateway_payment_id: v.string(),
  gateway_order_id: v.nullable(v.string()),
  status: v.picklist(paymentStatuses),
  amount_paise: Paise,
  refunded_paise: Paise,
  method: v.pipe(v.nullable(v.string()), v.description('`card`, `upi`, `netbanking`…')),
  error_code: v.nullable(v.string()),
  error_description: v.nullable(v.string()),
  purpose: v.pipe(
    v.nullable(v.picklist(['order', 'surplus'])),
    v.description('`surplus`: it paid for nothing and is paid back; null while it pays for nothing'),
  ),
  captured_at: v.nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Payment = v.InferOutput<typeof Payment>

export const Refund = v.strictObject({
  id: Id,
  payment_id: Id,
  gateway_refund_id: v.nullable(v.string()),
  amount_paise: Paise,
  status: v.pipe(
    v.picklist(['requested', 'pending', 'processed', 'failed']),
    v.description('`requested`: not asked of the gateway yet'),
  ),
  purpose: v.pipe(
    v.picklist(['sale', 'surplus']),
    v.description('`sale`: what was bought is taken back, with a credit note; `surplus`: it had paid for nothing'),
  ),
  reason: v.string(),
  processed_at: v.nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Refund = v.InferOutput<typeof Refund>

/** A payment with what was paid back of it. */
export const PaymentWithRefunds = v.strictObject({ ...Payment.entries, refunds: v.array(Refund) })
export type PaymentWithRefunds = v.InferOutput<typeof PaymentWithRefunds>

export const RefundDraft = v.strictObject({
  amount_paise: v.pipe(
    v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
    v.description('With tax; absent: all that is left'),
  ),
  reason: v.pipe(PlainText, v.trim(), v.minLength(3), v.maxLength(500)),
})
