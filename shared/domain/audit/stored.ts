import type { Sql } from '../sql.ts'
import type { ChainEntry, Link } from './chain.ts'
import { type EntryFields, entryText, exportLine } from './entry.ts'

/** Runs a short transaction of its own. */
export type Read = <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>

/** Enough for one statement to be worth it, few enough for one to be short. */
const entriesPerPage = 1000

type StoredRow = EntryFields & Link

/**
 * The entries after a number up to another one, page by page, exactly as they are stored. Each page is read in a short
 * transaction of its own, so that no long one keeps others waiting.
 */
async function* readStored(read: Read, after: number, upTo: number): AsyncIterable<StoredRow[]> {
  // A number may stand there twice, when somebody put it there: the moment is part of the position.
  let position = { sequence: after, occurred_at: 'infinity' }
  for (;;) {
    const { sequence, occurred_at } = position
    const rows = await read(
      (sql) => sql<StoredRow[]>`
        select sequence, encode(hash, 'hex') as hash, org_id, actor_kind, actor_id, action, target_type, target_id,
          details::text as details, request_id, ip,
          to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at
        from audit_logs
        where org_id = app_org_id() and sequence <= ${upTo}
          and (sequence, occurred_at) > (${sequence}, ${occurred_at}::text::timestamptz)
        order by sequence, audit_logs.occurred_at
        limit ${entriesPerPage}`,
    )
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (!last || rows.length < entriesPerPage) return
    position = { sequence: last.sequence, occurred_at: last.occurred_at }
  }
}

/** Entries hold milliseconds; what has more has been tampered with, and keeps it. */
function withMilliseconds(row: StoredRow): StoredRow {
  return { ...row, occurred_at: row.occurred_at.replace(/000Z$/, 'Z') }
}

/** The entries after a number up to another one, as links of the chain. */
export async function* readChain(read: Read, after: number, upTo: number): AsyncIterable<ChainEntry[]> {
  for await (const rows of readStored(read, after, upTo)) {
    yield rows.map((row) => ({ sequence: row.sequence, hash: row.hash, text: entryText(withMilliseconds(row)) }))
  }
}

/** The entries up to a number as lines of an export, many in one text. */
export async function* readLines(read: Read, upTo: number): AsyncIterable<string> {
  for await (const rows of readStored(read, 0, upTo)) {
    yield rows.map((row) => `${exportLine(withMilliseconds(row), row)}\n`).join('')
  }
}
