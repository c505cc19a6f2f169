import type { Enqueue } from '../../messaging.ts'
import type { Sql } from '../../sql.ts'
import { endMandate } from '../messages.ts'
import { endStatuses } from '../subscriptions/rows.ts'

/**
 * Ends what an organization that is being deleted would still pay for, in the transaction that closes it: open orders are
 * cancelled, subscriptions are over, mandates are ended at the gateway, and from now on whatever is paid is paid back.
 * What was paid for is not paid back by itself. Doing it again does no more.
 */
export async function closeBilling(
  { sql, now, enqueue }: { sql: Sql; now: Date; enqueue: Enqueue },
  orgId: string,
): Promise<void> {
  // Issued invoices keep the buyer as they were; nothing else needs a name or an address.
  const closed = await sql`
    update billing_accounts
    set closed_at = coalesce(closed_at, ${now}), updated_at = ${now}, legal_name = null, email = null, address_line_1 = null,
      address_line_2 = null, city = null, postal_code = null, gstin = null
    where org_id = ${orgId}`
  // Whoever has no account has never ordered anything.
  if (closed.count === 0) return
  await sql`
    update orders set status = 'cancelled', updated_at = ${now}
    where org_id = ${orgId} and status in ('created', 'attempted')`
  await sql`
    update subscriptions
    set status = 'cancelled', ended_at = ${now}, cancel_at_period_end = false, next_change = null, grace_until = null,
      updated_at = ${now}
    where org_id = ${orgId} and ended_at is null`
  const mandates = await sql<{ id: string }[]>`
    select gateway_subscription_id as id from subscriptions
    where org_id = ${orgId} and gateway_subscription_id is not null
      and (gateway_status is null or gateway_status not in ${sql([...endStatuses])})
    order by id`
  for (const { id } of mandates) await enqueue(endMandate, { gateway_subscription_id: id })
  await blankPayloads(sql, orgId)
}

/**
 * What is blanked of the records of an organization that is gone: files of invoices went with its objects (they can be
 * rendered again), and what the gateway told holds addresses and telephone numbers of people.
 */
export async function blankRecords(sql: Sql, orgId: string): Promise<void> {
  await sql`update invoices set pdf_key = null where org_id = ${orgId} and pdf_key is not null`
  await blankPayloads(sql, orgId)
}

async function blankPayloads(sql: Sql, orgId: string): Promise<void> {
  await sql`
    update gateway_events set payload = '{}'
    where org_id = ${orgId} and status in ('applied', 'ignored') and payload <> '{}'`
}
