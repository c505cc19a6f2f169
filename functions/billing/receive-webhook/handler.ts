import { readReceived, receiveWebhook, type Webhook } from '#shared/domain/billing/webhooks/receive.ts'
import { isSignedBy } from '#shared/domain/billing/webhooks/verify-signature.ts'
import { AppError } from '#shared/domain/errors.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** Before there is a transaction: who can't sign costs no connection. */
export const prepare: PrepareRoute<typeof route, Webhook> = async ({ config, log }, { headers, body }) => {
  const secrets = [config.RAZORPAY_WEBHOOK_SECRET, config.RAZORPAY_WEBHOOK_SECRET_PREVIOUS]
  if (!secrets[0]) throw new AppError('UNAVAILABLE', 'No payment gateway is configured')
  const eventId = headers['x-razorpay-event-id']
  if (isSignedBy(secrets, body, headers['x-razorpay-signature'])) return readReceived(eventId, body)
  log.warn('webhook refused', { eventId: eventId ?? null, bytes: body.length })
  throw new AppError('UNAUTHENTICATED', 'The signature is not valid')
}

export const run: RunRoute<typeof route, Webhook> = async (context, _request, webhook) => {
  const status = await receiveWebhook(context, webhook)
  const { event, eventId } = webhook
  const told = { eventId, type: event?.type ?? null, outcome: status }
  if (status === 'unreadable') context.log.error('webhook not understood', told)
  else context.log.info('webhook', told)
  return { status: 200, body: { status } }
}
