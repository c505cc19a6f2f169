import { newId } from '../ids.ts'
import type { Json, Sql } from '../sql.ts'

/** What doesn't agree and can't be repaired without guessing. */
export interface Difference {
  /** Null: nobody knows whose. */
  orgId: string | null
  /** 'amount-differs', 'payment-unknown'… */
  kind: string
  /** Id of the gateway's object or of ours that it is about; with the kind it names the difference. */
  subject: string
  expected?: Json
  found?: Json
  amountPaise?: number | null
}

/**
 * Notes a difference, once for each kind and subject. Seen again, its row says when, with what was found then; one that
 * was resolved is open again only when something else is found than it was resolved for.
 * @returns whether it is new
 */
export async function noteDifference(sql: Sql, difference: Difference): Promise<boolean> {
  const { orgId, kind, subject, expected = null, found = null, amountPaise = null } = difference
  // Without naming the columns: a row of nobody's isn't visible here, and needn't be.
  const written = await sql`
    insert into billing_differences (id, org_id, kind, subject, expected, found, amount_paise)
    values (${newId()}, ${orgId}, ${kind}, ${subject}, ${sql.json(expected)}, ${sql.json(found)}, ${amountPaise})
    on conflict do nothing`
  if (written.count > 0) return true
  await sql`
    update billing_differences
    set last_seen_at = now(), expected = ${sql.json(expected)}, found = ${sql.json(found)}, amount_paise = ${amountPaise},
      status = case when found is not distinct from ${sql.json(found)}::jsonb then status else 'open' end,
      resolved_at = case when found is not distinct from ${sql.json(found)}::jsonb then resolved_at end
    where kind = ${kind} and subject = ${subject}`
  return false
}

/** The differences that this very transaction has noted first: whoever runs the installation is to hear of them. */
export function newDifferences(sql: Sql, orgId: string): Promise<{ kind: string; subject: string }[]> {
  // Their time is that of the transaction's begin, which none of another transaction has to the microsecond.
  return sql<{ kind: string; subject: string }[]>`
    select kind, subject from billing_differences where org_id = ${orgId} and first_seen_at = now() and status = 'open'`
}
