import type { Sql } from '../../sql.ts'
import type { StockFeature } from './features.ts'
import { type Fragment, limitOf, unlimited } from './limit.ts'
import type { EntitledAt } from './read.ts'
import { planExceeded } from './refuse.ts'

/** Something of which an organization has more by now, in the transaction that asks. */
export interface Stock extends EntitledAt {
  feature: StockFeature
  /** An expression that counts what there is; not computed where there is no limit. */
  count: Fragment
}

/**
 * Makes sure that a plan has room for what is kept by now. Whoever asks holds a lock that others take for the same, or two
 * could find the same room.
 * @throws AppError BUDGET_EXCEEDED
 */
export async function requireRoom(sql: Sql, { count, ...asked }: Stock): Promise<void> {
  const [row] = await sql<{ quantity: number; used: number }[]>`
    select quantity, case when quantity = ${unlimited}::bigint then 0 else (${count})::bigint end as used
    from (select ${limitOf(sql, asked, asked.feature)} as quantity) l`
  const { quantity, used } = row!
  if (used > quantity) throw await planExceeded(sql, asked, used - 1)
}

/** How many indicators an organization has; the database keeps the count with each change. */
export function indicatorsKept(sql: Sql, orgId: string): Fragment {
  return sql`coalesce((
    select used from usage_meters where org_id = ${orgId} and feature = 'indicators' and month = 'stock'), 0)`
}
