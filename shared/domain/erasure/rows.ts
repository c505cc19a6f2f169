import type postgres from 'postgres'
import type { Sql } from '../sql.ts'
import { listTenantTables, type TenantTable } from './tables.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>

/** Which rows are to go. */
export interface Selection {
  /** Whether the table has any at all that could be meant. */
  concerns(table: TenantTable): boolean
  /** The condition for its rows. */
  where(sql: Sql, table: TenantTable): Fragment
}

/** What one part of the work did. */
export interface Erased {
  rows: number
  /** The table that it ended in; null: there is none left. */
  table: string | null
}

/** Deletes the next rows, at most `limit`, table after table; those that others refer to come last. */
export async function eraseRows(sql: Sql, selection: Selection, limit: number): Promise<Erased> {
  let rows = 0
  let last: string | null = null
  for (const table of await listTenantTables(sql)) {
    if (!table.deletable || !selection.concerns(table)) continue
    // By their place, as PostgreSQL deletes no `limit`; in a partitioned table that is the partition too.
    const { count } = await sql`
      with batch as materialized (
        select tableoid, ctid from ${sql(table.name)} where ${selection.where(sql, table)} limit ${limit - rows}
      )
      delete from ${sql(table.name)} t where (t.tableoid, t.ctid) in (select tableoid, ctid from batch)`
    rows += count
    if (count > 0) last = table.name
    if (rows >= limit) break
  }
  return { rows, table: last }
}

/** More rows of one table are not counted: how long it takes is a guess anyhow. */
const countedRows = 1_000_000

/** About how much there is to remove: rows, and once more those that name an object. */
export async function countRows(sql: Sql, selection: Selection): Promise<number> {
  let total = 0
  for (const table of await listTenantTables(sql)) {
    if (!selection.concerns(table)) continue
    const [counted] = await sql<{ rows: number }[]>`
      select count(*)::integer as rows
      from (select from ${sql(table.name)} where ${selection.where(sql, table)} limit ${countedRows}) counted`
    total += (counted?.rows ?? 0) * (table.hasObjects ? 2 : 1)
  }
  return total
}
