import { notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Flag, FlagHistoryEntry } from './schemas.ts'

/** Who changes a flag, by which request. */
export interface Author {
  userId: string
  requestId: string
}

/** Writes down who changed what, in the transaction of the change; nobody can alter it afterwards. */
export async function writeHistory(
  sql: Sql,
  change: { action: FlagHistoryEntry['action']; key: string; before: Flag | null; after: Flag | null },
  author: Author,
): Promise<void> {
  const json = (flag: Flag | null) => (flag ? sql.json(flag) : null)
  await sql`
    insert into feature_flag_changes (id, flag_key, action, changed_by, before, after, request_id, changed_at)
    values (${newId()}, ${change.key}, ${change.action}, ${author.userId}, ${json(change.before)},
      ${json(change.after)}, ${author.requestId}, clock_timestamp())`
}

/** What was ever done to the flags of this name, the newest first. @throws AppError NOT_FOUND when there was never one */
export async function listHistory(sql: Sql, key: string, page: Page): Promise<FlagHistoryEntry[]> {
  const entries = await sql<FlagHistoryEntry[]>`
    select id, flag_key, action, changed_by, before, after, request_id, changed_at from feature_flag_changes
    where flag_key = ${key} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
  if (entries.length === 0 && page.before === null) throw notFound('Flag')
  return entries
}
