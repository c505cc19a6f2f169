import type postgres from 'postgres'
import type { Sql } from '../sql.ts'
import { type AuditEntry, entryText, fieldsOf } from './entry.ts'

export type { AuditEntry }

/**
 * The statement that appends entries to the chains of their organizations; it is sent when it is awaited or executed.
 * Meant as the last one of the transaction: from here to the commit the organization's other writers wait. It fails with
 * PostgreSQL's 42501 for an organization that the transaction's scope is not in.
 */
export function appendAudit(sql: Sql, entries: readonly AuditEntry[]): postgres.PendingQuery<postgres.Row[]> {
  // Whoever writes into several chains takes them in the same order, so that no two wait for each other.
  const ordered = entries.length < 2 ? entries : entries.toSorted(byOrganization)
  // The canonical text is what the database hashes and what it stores the fields from: they cannot differ.
  const text = `[${ordered.map((entry) => entryText(fieldsOf(entry))).join(',')}]`
  return sql`select append_audit(${text}::text::json)`
}

function byOrganization(a: AuditEntry, b: AuditEntry): number {
  if (a.orgId === b.orgId) return 0
  return a.orgId < b.orgId ? -1 : 1
}
