import type { PaymentSnapshot } from '../gateway.ts'
import { type PaymentRow, type PaymentStatus, paymentStatuses } from './rows.ts'

/** What of a payment changes as news of it come in. */
export type PaymentState = Pick<
  PaymentRow,
  | 'status'
  | 'refunded_paise'
  | 'fee_paise'
  | 'fee_tax_paise'
  | 'method'
  | 'error_code'
  | 'error_description'
  | 'gateway_order_id'
  | 'gateway_invoice_id'
> & { captured_at: Date | string | null }

/**
 * What is known of a payment once this is known too. It only goes forward (created, failed, authorized, captured; a
 * failed one can still be authorized late), so that any order and repetition of the same news ends in the same state.
 *
 * How much was paid back isn't taken from here but from the refunds themselves, of which the gateway counts also those
 * that may yet fail. One that was never captured is given back by the gateway by itself: `refunded` without a fee.
 *
 * @param known null: nothing yet
 */
export function mergePayment(known: PaymentState | null, news: PaymentSnapshot): PaymentState {
  const wasCaptured = known !== null && known.captured_at !== null
  const isCaptured = wasCaptured || isCapture(news)
  const refunded = wasCaptured ? known.refunded_paise : 0
  const status = isCaptured ? refundStatus(refunded, news.amountPaise) : furthest(known?.status, news.status)
  const hasFailed = status === 'failed'
  return {
    status,
    refunded_paise: status === 'refunded' ? news.amountPaise : refunded,
    fee_paise: known?.fee_paise ?? news.feePaise,
    fee_tax_paise:
      known?.fee_paise != null
        ? known.fee_tax_paise
        : news.feePaise === null
          ? null
          : Math.min(news.feeTaxPaise ?? 0, news.feePaise),
    method: known?.method ?? news.method,
    error_code: hasFailed ? (known?.error_code ?? news.errorCode) : null,
    error_description: hasFailed ? (known?.error_description ?? cut(news.errorDescription)) : null,
    gateway_order_id: known?.gateway_order_id ?? news.orderId,
    gateway_invoice_id: known?.gateway_invoice_id ?? news.invoiceId,
    // The gateway tells no other moment by whatever way its news come.
    captured_at: isCaptured ? (known?.captured_at ?? news.createdAt) : null,
  }
}

/** Whether money was taken. */
function isCapture(news: PaymentSnapshot): boolean {
  return news.status === 'captured' || (news.status === 'refunded' && news.feePaise !== null)
}

/** The status of a captured payment of which so much was paid back. */
export function refundStatus(refundedPaise: number, amountPaise: number): PaymentStatus {
  if (refundedPaise === 0) return 'captured'
  return refundedPaise < amountPaise ? 'partially_refunded' : 'refunded'
}

function furthest(known: PaymentStatus | undefined, news: PaymentStatus): PaymentStatus {
  const rank = Math.max(known ? paymentStatuses.indexOf(known) : 0, paymentStatuses.indexOf(news))
  return paymentStatuses[rank] ?? news
}

function cut(text: string | null): string | null {
  return text === null ? null : text.slice(0, 500)
}
