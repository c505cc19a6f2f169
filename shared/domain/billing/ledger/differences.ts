import { AppError, notFound } from '../../errors.ts'
import { endOfIds, type Page } from '../../paging.ts'
import type { Sql } from '../../sql.ts'
import type { BillingDifference, DifferenceFilter } from './schemas.ts'

const columns = [
  ...['id', 'org_id', 'kind', 'subject', 'expected', 'found', 'amount_paise', 'status', 'resolution', 'resolved_by'],
  ...['first_seen_at', 'last_seen_at', 'resolved_at'],
]

/** The newest first; in system scope those of all organizations and of nobody. */
export function listDifferences(
  sql: Sql,
  { status, kind }: DifferenceFilter,
  page: Page,
): Promise<BillingDifference[]> {
  return sql<BillingDifference[]>`
    select ${sql(columns)} from billing_differences
    where id < ${page.before ?? endOfIds}
      ${status === undefined ? sql`` : sql`and status = ${status}`}
      ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
    order by id desc
    limit ${page.size + 1}`
}

/**
 * Closes a difference that somebody has looked into; it opens again when something else is found of it.
 *
 * @throws AppError NOT_FOUND, or CONFLICT when it is closed already
 */
export async function resolveDifference(
  sql: Sql,
  resolved: { id: string; resolution: string; resolvedBy: string; now: Date },
): Promise<BillingDifference> {
  const [difference] = await sql<BillingDifference[]>`
    update billing_differences
    set status = 'resolved', resolution = ${resolved.resolution}, resolved_by = ${resolved.resolvedBy},
      resolved_at = ${resolved.now}
    where id = ${resolved.id} and status = 'open'
    returning ${sql(columns)}`
  if (difference) return difference
  const [closed] = await sql`select 1 from billing_differences where id = ${resolved.id}`
  if (!closed) throw notFound('Difference')
  throw new AppError('CONFLICT', 'The difference is resolved already')
}
