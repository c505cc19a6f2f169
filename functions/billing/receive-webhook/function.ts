import * as v from 'valibot'
import { applyGatewayEvent } from '#shared/domain/billing/messages.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/webhooks/razorpay',
  access: 'public',
  summary: 'Receive an event of the payment gateway',
  description:
    'Signed by the HMAC-SHA256 of the body’s bytes, in `X-Razorpay-Signature`. What it tells is kept, once, and applied after the answer.',
  headers: v.object({
    'x-razorpay-signature': v.optional(v.string()),
    'x-razorpay-event-id': v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,200}$/, 'must be an id'))),
  }),
  rawBody: true,
  responses: {
    200: v.strictObject({ status: v.picklist(['received', 'duplicate', 'unmatched', 'ignored', 'unreadable']) }),
  },
  maximumBodyBytes: 256_000,
  resources: { timeoutSeconds: 10, enqueues: [applyGatewayEvent] },
  handler: () => import('./handler.ts'),
})
