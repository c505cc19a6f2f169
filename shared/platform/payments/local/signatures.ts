import { createHmac } from 'node:crypto'

/** `x-razorpay-signature` of a webhook: HMAC-SHA256 of its bytes, in hexadecimal. */
export function signBody(body: string, webhookSecret: string): string {
  return createHmac('sha256', webhookSecret).update(body).digest('hex')
}

/** What the checkout hands over: HMAC-SHA256 of `order_id|payment_id` by the key's secret, in hexadecimal. */
export function signPayment(orderId: string, paymentId: string, keySecret: string): string {
  return createHmac('sha256', keySecret).update(`${orderId}|${paymentId}`).digest('hex')
}
