import { createHmac, randomUUID } from 'node:crypto'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ services }) => {
  const rawBody = JSON.stringify({
    entity: 'event',
    event: 'payment.downtime.started',
    created_at: 1_790_000_000,
    payload: {},
  })
  const secret = services.config.RAZORPAY_WEBHOOK_SECRET ?? ''
  return {
    rawBody,
    headers: {
      'x-razorpay-event-id': randomUUID(),
      'x-razorpay-signature': createHmac('sha256', secret).update(rawBody).digest('hex'),
    },
    status: 200,
  }
}
