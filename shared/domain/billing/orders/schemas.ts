import * as v from 'valibot'
import { Id, Timestamp } from '../../ids.ts'
import { maximumSeats } from '../catalogue/plans.ts'
import { Paise } from '../money.ts'

const SignedPaise = v.pipe(v.number(), v.safeInteger())

/** What somebody wants to buy. */
export const OrderDraft = v.strictObject({
  plan_id: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{1,39}$/, 'must be the id of a plan')),
  period: v.picklist(['month', 'year']),
  seats: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maximumSeats)),
  coupon_code: v.nullish(
    v.pipe(v.string(), v.toUpperCase(), v.regex(/^[A-Z0-9][A-Z0-9-]{2,29}$/, 'must be a coupon’s code')),
  ),
})
export type OrderDraft = v.InferOutput<typeof OrderDraft>

const Line = v.strictObject({
  description: v.string(),
  quantity: v.number(),
  unit_paise: SignedPaise,
  net_paise: v.pipe(SignedPaise, v.description('Without tax; discounts and credits are below zero')),
})

export const Order = v.strictObject({
  id: Id,
  subscription_id: v.nullable(Id),
  kind: v.pipe(
    v.picklist(['start', 'renewal', 'change']),
    v.description('`change`: the difference until the end of the running period'),
  ),
  collection: v.pipe(v.picklist(['checkout', 'mandate']), v.description('`mandate`: charged by the gateway by itself')),
  plan_id: v.string(),
  period: v.picklist(['month', 'year']),
  seats: v.number(),
  period_start: v.nullable(Timestamp),
  period_end: v.nullable(Timestamp),
  lines: v.array(Line),
  net_paise: Paise,
  cgst_paise: Paise,
  sgst_paise: Paise,
  igst_paise: Paise,
  total_paise: v.pipe(Paise, v.description('With tax')),
  credit_paise: v.pipe(Paise, v.description('What of it is paid from credit that the customer has')),
  due_paise: v.pipe(Paise, v.description('What is left to be paid')),
  coupon_code: v.nullable(v.string()),
  status: v.picklist(['created', 'attempted', 'paid', 'cancelled', 'expired']),
  expires_at: v.nullable(Timestamp),
  fulfilled_at: v.pipe(v.nullable(Timestamp), v.description('When what was bought was given')),
  payment_id: v.nullable(Id),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
  checkout: v.pipe(
    v.nullable(
      v.strictObject({
        key_id: v.string(),
        order_id: v.pipe(v.string(), v.description('Of the gateway')),
        amount_paise: Paise,
        currency: v.literal('INR'),
        url: v.pipe(v.nullable(v.string()), v.description('A page to pay on; null: open Razorpay’s Checkout')),
      }),
    ),
    v.description('What Razorpay’s Checkout is opened with; null when there is nothing to pay (any more)'),
  ),
})
export type Order = v.InferOutput<typeof Order>

/** What Razorpay's Checkout hands to its `handler`. */
export const CheckoutResult = v.strictObject({
  razorpay_payment_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,100}$/, 'must be an id of the gateway')),
  razorpay_order_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,100}$/, 'must be an id of the gateway')),
  razorpay_signature: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a signature of the gateway')),
})
export type CheckoutResult = v.InferOutput<typeof CheckoutResult>
