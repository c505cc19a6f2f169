import * as v from 'valibot'
import type { LocalGateway } from '../local-gateway.ts'
import { read } from './api.ts'

type Control = (gateway: LocalGateway, id: string, body: unknown) => Promise<unknown>

const Method = v.optional(v.picklist(['card', 'upi', 'netbanking', 'emandate']), 'card')
const Pay = v.object({
  outcome: v.optional(v.picklist(['captured', 'authorized', 'failed']), 'captured'),
  method: Method,
  evenIfPaid: v.optional(v.boolean(), false),
  amount: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
})
const Authorize = v.object({ method: Method, succeeds: v.optional(v.boolean(), true) })
const Charge = v.object({ succeeds: v.optional(v.boolean(), true) })
const Amount = v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))), null)
const Receive = v.object({
  amount: v.pipe(v.number(), v.integer(), v.minValue(1)),
  currency: v.optional(v.string(), 'INR'),
})
const Refund = v.object({ amount: Amount })
const EndRefund = v.object({ status: v.picklist(['processed', 'failed']) })
const Dispute = v.object({ amount: Amount, deducted: v.optional(v.boolean(), false) })
const MoveDispute = v.object({ status: v.picklist(['under_review', 'action_required', 'closed', 'won', 'lost']) })
const seconds = v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)))
const Behave = v.partial(
  v.object({
    mode: v.picklist(['normal', 'lost', 'doubled']),
    delaySeconds: seconds,
    shuffleSeconds: seconds,
    refundsPend: v.boolean(),
  }),
)
const Fail = v.object({
  mode: v.picklist(['refused', 'unanswered', 'answer-lost', 'failed-after', 'late', 'throttled']),
  method: v.optional(v.picklist(['GET', 'POST', 'PATCH'])),
  path: v.optional(v.string()),
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  milliseconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000))),
})

/** What can be made to happen at the local gateway, with its key, under `/razorpay/local`. */
export const controlRoutes: Readonly<Record<string, Control>> = {
  'POST /orders/{id}/pay': (gateway, id, body) => gateway.pay(id, read(Pay, body)),
  'POST /payments': (gateway, _id, body) => gateway.receive(read(Receive, body)),
  'POST /payments/{id}/authorize': (gateway, id) => gateway.authorizeLate(id),
  'POST /payments/{id}/refund': (gateway, id, body) => gateway.refund(id, read(Refund, body).amount),
  'POST /payments/{id}/dispute': (gateway, id, body) => {
    const { amount, deducted } = read(Dispute, body)
    return gateway.dispute(id, { amount, isDeducted: deducted })
  },
  'POST /refunds/{id}/end': (gateway, id, body) => gateway.endRefund(id, read(EndRefund, body).status),
  'POST /disputes/{id}/move': (gateway, id, body) => gateway.moveDispute(id, read(MoveDispute, body).status),
  'POST /subscriptions/{id}/authorize': (gateway, id, body) => gateway.authorizeMandate(id, read(Authorize, body)),
  'POST /subscriptions/{id}/charge': (gateway, id, body) => gateway.charge(id, read(Charge, body)),
  'POST /subscriptions/{id}/halt': (gateway, id) => gateway.halt(id),
  'POST /subscriptions/{id}/expire': (gateway, id) => gateway.expire(id),
  'POST /subscriptions/charge-due': (gateway) => gateway.chargeDue(),
  'POST /settlements': (gateway) => gateway.settle(),
  'POST /behaviour': async (gateway, _id, body) => gateway.behave(read(Behave, body)),
  'POST /failures': async (gateway, _id, body) => gateway.fail(read(Fail, body)),
  'POST /webhooks/redeliver': (gateway) => gateway.redeliver(),
  'GET /webhooks': (gateway) => gateway.events(),
}
