import type { Json } from '../../sql.ts'
import type { BillingEffects } from '../effects.ts'
import { readWebhook } from '../wire.ts'
import { applyEvent } from './apply-event.ts'

export interface StoredEvent {
  id: string
  org_id: string | null
  payload: Json
  status: 'received' | 'applied' | 'unmatched' | 'ignored'
}

/**
 * Applies an event that was kept, once. The caller holds the lock of the account.
 * @returns what it is now; null when the organization has no such event
 */
export async function applyStoredEvent(
  effects: BillingEffects,
  orgId: string,
  eventId: string,
): Promise<StoredEvent['status'] | null> {
  const { sql, now } = effects
  const [stored] = await sql<StoredEvent[]>`
    select id, org_id, payload, status from gateway_events where id = ${eventId} and org_id = ${orgId} for update`
  if (!stored || stored.status === 'applied' || stored.status === 'ignored') return stored?.status ?? null
  const status = await applyEvent(effects, orgId, readWebhook(stored.id, stored.payload))
  await sql`
    update gateway_events set status = ${status}, applied_at = ${status === 'applied' ? now : null} where id = ${eventId}`
  return status
}
