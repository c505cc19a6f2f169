import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Whether a text is the HMAC-SHA256 of these very bytes under one of the secrets, in hexadecimal (Razorpay, "Validate and
 * test webhooks" and "Verify payment signature"). All secrets are tried, so that the time it takes says nothing of which.
 */
export function isSignedBy(
  secrets: readonly (string | undefined)[],
  bytes: Uint8Array | string,
  signature: string | undefined,
): boolean {
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return false
  const given = Buffer.from(signature, 'hex')
  return secrets
    .filter((secret) => secret !== undefined && secret !== '')
    .map((secret) =>
      timingSafeEqual(
        createHmac('sha256', secret ?? '')
          .update(bytes)
          .digest(),
        given,
      ),
    )
    .includes(true)
}

/** Whether the gateway's checkout says that this payment is of this order: HMAC of `order_id|payment_id` under the key's secret. */
export function isCheckoutSignature(
  keySecret: string,
  checkout: { gatewayOrderId: string; gatewayPaymentId: string; signature: string },
): boolean {
  return isSignedBy([keySecret], `${checkout.gatewayOrderId}|${checkout.gatewayPaymentId}`, checkout.signature)
}
