import type { Sql } from '../sql.ts'

/** Tables that are partitioned by month. */
export type PartitionedTable = 'audit_logs' | 'api_usage_logs'

/**
 * Makes the partitions of this month and the next ones; nothing for a table that isn't there yet.
 * @returns names of those that can't be made any more: their entries stand in the default partition
 */
export async function ensureMonthPartitions(sql: Sql, table: PartitionedTable, monthsAhead: number): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`select name from ensure_month_partitions(${table}, ${monthsAhead}) as name`
  return rows.map((row) => row.name)
}

/** Drops the months of the usage log that are older than 13 months. @returns their names */
export async function dropExpiredPartitions(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`select name from drop_expired_partitions() as name`
  return rows.map((row) => row.name)
}
