import type { Sql } from '../../sql.ts'
import type { PaymentGateway, PaymentSnapshot } from '../gateway.ts'
import { isRefusal } from '../refunds/send.ts'

export interface CaptureToAsk {
  gateway_payment_id: string
  amount_paise: number
}

/**
 * A payment that is authorized and whose order still wants it; null when it was captured meanwhile, or is better left to
 * the gateway, which gives back what nobody captures.
 */
export async function captureToAsk(sql: Sql, paymentId: string): Promise<CaptureToAsk | null> {
  const [payment] = await sql<CaptureToAsk[]>`
    select p.gateway_payment_id, p.amount_paise
    from payments p
    join orders o on o.id = p.order_id
    join billing_accounts a on a.org_id = p.org_id
    where p.id = ${paymentId} and p.status = 'authorized' and o.status in ('created', 'attempted')
      and o.total_paise - o.credit_paise = p.amount_paise and a.closed_at is null`
  return payment ?? null
}

/**
 * Asks the gateway to take what was authorized; one that is captured already is fine.
 * @returns the payment as it is then; null when there is none any more
 * @throws PlatformError UNAVAILABLE
 */
export async function askCapture(
  gateway: PaymentGateway,
  { gateway_payment_id: id, amount_paise: amountPaise }: CaptureToAsk,
  signal: AbortSignal,
): Promise<PaymentSnapshot | null> {
  try {
    return await gateway.capturePayment(id, amountPaise, signal)
  } catch (error) {
    if (!isRefusal(error)) throw error
    // It was given back, or failed: what it is now says so.
    return gateway.fetchPayment(id, signal).catch((reason) => {
      if (isRefusal(reason)) return null
      throw reason
    })
  }
}
