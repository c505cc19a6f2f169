import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import type { AccountCode } from './accounts.ts'

/** One side of a posting: debit above zero, credit below; whole paise. */
export interface PostingEntry {
  account: AccountCode
  amountPaise: number
}

/** What happened, in the words of the books. */
export interface Posting {
  /** What is booked, once for ever: 'payment:pay_29QQoUBi66xm2f'. */
  source: string
  kind: string
  /** Null: of the company alone; needs system scope. */
  orgId: string | null
  description: string
  occurredAt: Date
  /** Those of zero are left out; without any other there is nothing to book. */
  entries: readonly PostingEntry[]
}

/**
 * Books a posting, once for each source; false when it is there already, or when there is nothing to book.
 *
 * @throws PostgresError 23514 when the entries don't balance
 */
export async function postTransaction(sql: Sql, posting: Posting): Promise<boolean> {
  const entries = posting.entries
    .filter((entry) => entry.amountPaise !== 0)
    .map((entry, index) => ({ line: index + 1, account: entry.account, amount_paise: entry.amountPaise }))
  if (entries.length === 0) return false
  // One statement: the database takes no transaction without its entries, and no entries later.
  const booked = await sql`
    with made as (
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      values (${newId()}, ${posting.orgId}, ${posting.source}, ${posting.kind}, ${posting.description}, ${posting.occurredAt})
      on conflict (source) do nothing
      returning id, org_id
    )
    insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
    select made.id, entry.line, made.org_id, entry.account, entry.amount_paise
    from made, jsonb_to_recordset(${sql.json(entries)}) as entry (line smallint, account text, amount_paise bigint)`
  return booked.count > 0
}
