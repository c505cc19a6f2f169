import type { BillingEffects } from '../effects.ts'
import type { SubscriptionSnapshot } from '../gateway.ts'
import { findByMandate, type SubscriptionRow } from './rows.ts'
import { saveSubscription } from './save.ts'
import { mergeNews } from './state.ts'

/**
 * Takes in what the gateway shows of a mandate, however often and in whatever order. Of one that a newer one has replaced
 * nothing is taken in. The caller holds the lock of the account.
 *
 * @param occurredAt when it was so: of the event, or when it was fetched
 * @returns null when the organization has no such mandate
 */
export async function applySubscription(
  effects: BillingEffects,
  orgId: string,
  news: SubscriptionSnapshot,
  occurredAt: Date,
): Promise<SubscriptionRow | null> {
  const row = await findByMandate(effects.sql, orgId, news.id)
  if (!row || row.gateway_subscription_id !== news.id) return row
  const merged = mergeNews(row, news, occurredAt)
  return saveSubscription(effects, row, merged)
}
