import { AppError } from '../../errors.ts'
import { type Asking, type Fetched, fetchObject } from '../payments/fetch.ts'
import { isRefusal } from '../refunds/send.ts'
import { isCheckoutSignature } from '../webhooks/verify-signature.ts'
import type { OrderRow } from './rows.ts'
import type { CheckoutResult } from './schemas.ts'

/**
 * Makes sure that the gateway's checkout has signed that this payment is of this order.
 * @throws AppError VALIDATION_ERROR when it hasn't, UNAVAILABLE where no gateway is configured
 */
export function assertCheckout(order: OrderRow, result: CheckoutResult, keySecret: string | undefined): void {
  if (!keySecret) throw new AppError('UNAVAILABLE', 'No payment gateway is configured')
  if (order.gateway_order_id !== result.razorpay_order_id) throw refused('razorpay_order_id', 'is of another order')
  const isSigned = isCheckoutSignature(keySecret, {
    gatewayOrderId: result.razorpay_order_id,
    gatewayPaymentId: result.razorpay_payment_id,
    signature: result.razorpay_signature,
  })
  if (!isSigned) throw refused('razorpay_signature', 'does not fit')
}

/**
 * Asks the gateway itself about the payment.
 * @throws AppError VALIDATION_ERROR when it doesn't know it, or as one of another order
 */
export async function fetchCheckout(asking: Asking, result: CheckoutResult): Promise<Fetched> {
  const fetched = await fetchObject(asking, { kind: 'payment', gateway_id: result.razorpay_payment_id }).catch(
    (error) => {
      throw isRefusal(error) ? refused('razorpay_payment_id', 'is not known to the gateway') : error
    },
  )
  if (fetched.payments.every(({ payment }) => payment.orderId === result.razorpay_order_id)) return fetched
  throw refused('razorpay_payment_id', 'is of another order')
}

function refused(field: keyof CheckoutResult, message: string): AppError {
  return new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: `body.${field}`, message }])
}
