import type { Sql } from '../../sql.ts'
import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { PaymentGateway, RefundSnapshot } from '../gateway.ts'
import { findPayment } from '../payments/rows.ts'
import { applyRefund } from './apply-refund.ts'
import { findRefund, type RefundRow, refundedOrAsked } from './rows.ts'

/** A refund that the gateway wasn't known to have taken. */
export interface RefundToSend {
  id: string
  amount_paise: number
  gateway_payment_id: string
}

/** Null when it is taken already, or nothing is to be paid back any more. */
export async function refundToSend(sql: Sql, refundId: string): Promise<RefundToSend | null> {
  const [refund] = await sql<RefundToSend[]>`
    select r.id, r.amount_paise, p.gateway_payment_id
    from refunds r join payments p on p.id = r.payment_id
    where r.id = ${refundId} and r.status = 'requested' and r.gateway_refund_id is null`
  return refund ?? null
}

/**
 * Asks the gateway to pay back. Asked again for the same refund it answers with the same one.
 * @returns null when it refuses to: the payment isn't there, or less is left of it
 * @throws PlatformError UNAVAILABLE when whether it did is unknown
 */
export async function askRefund(
  gateway: PaymentGateway,
  refund: RefundToSend,
  signal: AbortSignal,
): Promise<RefundSnapshot | null> {
  try {
    const { id: ourId, amount_paise: amountPaise, gateway_payment_id: paymentId } = refund
    return await gateway.createRefund({ paymentId, amountPaise, ourId }, signal)
  } catch (error) {
    if (isRefusal(error)) return null
    throw error
  }
}

/** The gateway said no; it did nothing. */
export function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'NOT_FOUND' || code === 'INVALID_ARGUMENT'
}

/** Writes down what came of `askRefund`. The caller holds the lock of the account. */
export async function recordRefund(
  effects: BillingEffects,
  orgId: string,
  refundId: string,
  answer: RefundSnapshot | null,
): Promise<void> {
  if (answer) {
    await applyRefund(effects, orgId, { ...answer, ourId: answer.ourId ?? refundId })
    return
  }
  const refund = await findRefund(effects.sql, refundId)
  if (refund?.status === 'requested' && refund.gateway_refund_id === null) await refuse(effects, refund)
}

/** The customer is still owed it, and somebody has to look; unless all was paid back otherwise meanwhile. */
async function refuse({ sql, now, audit }: BillingEffects, refund: RefundRow): Promise<void> {
  const { id, org_id: orgId, payment_id: paymentId, amount_paise: amountPaise } = refund
  await sql`update refunds set status = 'failed', updated_at = ${now} where id = ${id}`
  audit('refund.failed', { targetId: id, details: { amount_paise: amountPaise, reason: 'refused by the gateway' } })
  const payment = await findPayment(sql, paymentId)
  const left = (payment?.amount_paise ?? 0) - (await refundedOrAsked(sql, paymentId))
  if (left <= 0) return
  await noteDifference(sql, {
    orgId,
    kind: 'refund-refused',
    subject: id,
    expected: amountPaise,
    found: 0,
    amountPaise,
  })
}
