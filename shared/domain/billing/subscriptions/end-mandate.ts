import type { Sql } from '../../sql.ts'
import type { PaymentGateway, SubscriptionSnapshot } from '../gateway.ts'
import { isRefusal } from '../refunds/send.ts'
import { findByMandate } from './rows.ts'

/** Whether a mandate pays a subscription that goes on: it had been given up for want of a payment that came after all. */
export async function isMandateWanted(sql: Sql, orgId: string, gatewayId: string): Promise<boolean> {
  const row = await findByMandate(sql, orgId, gatewayId)
  return row !== null && row.ended_at === null && row.gateway_subscription_id === gatewayId
}

/**
 * Ends a mandate at once; null when the gateway knows none.
 *
 * @throws PlatformError UNAVAILABLE
 */
export async function cancelMandate(
  gateway: PaymentGateway,
  gatewayId: string,
  signal: AbortSignal,
): Promise<SubscriptionSnapshot | null> {
  try {
    return await gateway.cancelSubscription(gatewayId, 'now', signal)
  } catch (error) {
    if (isRefusal(error)) return null
    throw error
  }
}
