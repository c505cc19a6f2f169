import { listHeads } from '#shared/domain/audit/audit-logs.ts'
import { dropExpiredPartitions, ensureMonthPartitions } from '#shared/domain/audit/partitions.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'
import type { Logger } from '#shared/runtime/log.ts'

/** If this fails for as long, entries go to the default partition. */
const monthsAhead = 3
const headsPerPage = 1000
const beforeAllIds = '00000000-0000-0000-0000-000000000000'

export const run: RunCron = async ({ sql, log }) => {
  await logHeads(sql, log)
  // Last, since their locks are held until the commit.
  for (const table of ['audit_logs', 'api_usage_logs'] as const) {
    for (const partition of await ensureMonthPartitions(sql, table, monthsAhead)) {
      log.warn('partition cannot be made: its entries are in the default partition', { partition })
    }
  }
  for (const partition of await dropExpiredPartitions(sql)) log.info('partition dropped', { partition })
}

/**
 * An anchor outside of the database, every day: whoever can rewrite a log there, with its head, can't rewrite these
 * lines.
 */
async function logHeads(sql: Sql, log: Logger): Promise<void> {
  let after = beforeAllIds
  for (;;) {
    const heads = await listHeads(sql, after, headsPerPage)
    for (const { org_id: orgId, sequence, hash } of heads) log.info('audit head', { orgId, sequence, hash })
    const last = heads.at(-1)
    if (!last || heads.length < headsPerPage) return
    after = last.org_id
  }
}
