import { monthOf } from '../../costs/months.ts'
import type { Sql } from '../../sql.ts'
import { features, type MonthlyFeature } from './features.ts'
import { type Fragment, limitOf } from './limit.ts'
import type { EntitledAt } from './read.ts'
import { planExceeded } from './refuse.ts'

/** A use that counts to the month of its moment. */
export interface Use extends EntitledAt {
  feature: MonthlyFeature
  /** Whole, above zero. */
  amount: number
}

/**
 * Counts a use as a part of the statement that is the use: it gives no row when the plan has no room for all of it. However
 * many come at once, each is compared with what those before it left. The row stays locked until the commit.
 * @param given nothing is counted, and no row given, unless this holds
 */
export function meterUse(sql: Sql, use: Use, given: Fragment = sql`true`): Fragment {
  const { orgId, feature, amount, at } = use
  if (!Number.isSafeInteger(amount) || amount < 1) throw new RangeError(`${amount} is no amount of ${feature}`)
  const limit = limitOf(sql, use, feature)
  return sql`
    insert into usage_meters as m (org_id, feature, month, used)
    select ${orgId}, ${feature}, ${monthOf(at)}, ${amount}::bigint
    where ${amount}::bigint <= ${limit} and ${given}
    on conflict (org_id, feature, month) do update set used = m.used + excluded.used
    where m.used + excluded.used <= ${limit}
    returning used`
}

/**
 * Counts a use in the transaction that uses it.
 * @returns what is used in the month, with this
 * @throws AppError BUDGET_EXCEEDED when the plan has no room for all of it; nothing is counted then
 */
export async function useMeter(sql: Sql, use: Use): Promise<number> {
  const [row] = await sql<{ used: number }[]>`${meterUse(sql, use)}`
  if (!row) throw await useRefused(sql, use)
  return row.used
}

/** Why a use was refused. */
export async function useRefused(sql: Sql, use: Omit<Use, 'amount'>) {
  const { [use.feature]: used } = await readMeters(sql, use)
  return planExceeded(sql, use, used)
}

/** What an organization has used in the month of a moment (UTC). */
export async function readMeters(
  sql: Sql,
  { orgId, at }: { orgId: string; at: Date },
): Promise<Record<MonthlyFeature, number>> {
  const rows = await sql<{ feature: MonthlyFeature; used: number }[]>`
    select feature, used from usage_meters where org_id = ${orgId} and month = ${monthOf(at)}`
  const used = Object.fromEntries(rows.map((row) => [row.feature, row.used]))
  const monthly = Object.entries(features).filter(([, { kind }]) => kind === 'month')
  return Object.fromEntries(monthly.map(([name]) => [name, used[name] ?? 0])) as Record<MonthlyFeature, number>
}
