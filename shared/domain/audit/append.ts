import type postgres from 'postgres'
import type { Json, Sql } from '../sql.ts'
import { canonicalize, storable } from './canonical.ts'

/** Who did what to which thing, when, and from where. */
export interface AuditEntry {
  orgId: string
  actorKind: 'user' | 'key' | 'system'
  /** The user's or key's id. */
  actorId: string | null
  /** `project.created`. */
  action: string
  targetType: string
  targetId: string | null
  /** What a reader wants to know of it; never a secret. */
  details: Readonly<Record<string, Json>>
  requestId: string
  ip: string | null
  occurredAt: Date
}

/**
 * The statement that appends entries to the chains of their organizations; it is sent when it is awaited or executed.
 * Meant as the last one of the transaction: from here to the commit the organization's other writers wait. It fails with
 * PostgreSQL's 42501 for an organization that the transaction's scope is not in.
 */
export function appendAudit(sql: Sql, entries: readonly AuditEntry[]): postgres.PendingQuery<postgres.Row[]> {
  // Whoever writes into several chains takes them in the same order, so that no two wait for each other.
  const ordered =
    entries.length < 2 ? entries : entries.toSorted((a, b) => (a.orgId < b.orgId ? -1 : +(a.orgId > b.orgId)))
  // The canonical text is what the database hashes and what it stores the fields from: they cannot differ.
  const text = `[${ordered.map((entry) => canonicalize(storable(fieldsOf(entry)))).join(',')}]`
  return sql`select append_audit(${text}::text::json)`
}

/** The fields of an entry that its hash covers, by the names of their columns. */
function fieldsOf(entry: AuditEntry): Json {
  return {
    org_id: entry.orgId,
    occurred_at: entry.occurredAt,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    details: entry.details,
    request_id: entry.requestId,
    ip: entry.ip,
  }
}
