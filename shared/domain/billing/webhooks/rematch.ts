import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { type BillingContext, isThere, openBilling } from '../accounts/open.ts'
import type { BillingSettings } from '../effects.ts'
import { applyGatewayEvent } from '../messages.ts'
import { readWebhook } from '../wire.ts'
import { applyStoredEvent, type StoredEvent } from './stored.ts'
import { organizationsOf, subjectsOf } from './subjects.ts'

/** So long it is looked whether the object of an event is known by now; reconciliation has found it since, or parked it. */
const patienceDays = 7
/** Events of one look, the newest first: what nobody has known for long may never be anybody's. */
const limit = 1000

/** A schedule's context: in system scope. */
export type RematchContext = BillingContext & { enter(orgId: string): Promise<void> }

/**
 * Has events applied whose object wasn't known when they came. Those of an organization without any row, for which no
 * message can be sent, are applied at once.
 * @returns how many were taken up
 */
export async function rematchEvents(context: RematchContext, settings: BillingSettings): Promise<number> {
  const { sql, now } = context
  const since = new Date(now.getTime() - patienceDays * 86_400_000)
  const waiting = await sql<StoredEvent[]>`
    select id, org_id, payload, status from gateway_events
    where status = 'unmatched' and received_at > ${since}
    order by received_at desc
    limit ${limit}
    for update skip locked`
  const known = []
  for (const event of waiting) {
    const orgId = event.org_id ?? (await ownerOf(sql, event))
    if (orgId !== null) known.push({ id: event.id, orgId })
  }
  // Accounts are locked in the same order by whoever locks several.
  for (const { id, orgId } of known.toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1))) {
    await sql`update gateway_events set org_id = ${orgId} where id = ${id}`
    await context.enter(orgId)
    if (await isThere(sql, orgId)) {
      await context.enqueue(applyGatewayEvent, { event_id: id })
    } else {
      const effects = await openBilling(context, orgId, settings)
      await applyStoredEvent(effects, orgId, id)
    }
  }
  return known.length
}

/** Null while none, or more than one, knows anything of it. */
async function ownerOf(sql: Sql, { id, payload }: StoredEvent): Promise<string | null> {
  try {
    const [orgId, another] = await organizationsOf(sql, subjectsOf(readWebhook(id, payload)))
    return another === undefined ? (orgId ?? null) : null
  } catch (error) {
    // It was read when it came: a later version of us reads it otherwise.
    if (error instanceof AppError) return null
    throw error
  }
}
