import { storableJson, storableText } from '../plain-text.ts'
import type { Json } from '../sql.ts'
import { canonicalize } from './canonical.ts'

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

/** What an entry's hash covers, by the names of the columns. */
export interface EntryFields {
  org_id: string
  /** ISO 8601 in UTC with milliseconds. */
  occurred_at: string
  actor_kind: string
  actor_id: string | null
  action: string
  target_type: string
  target_id: string | null
  /** JSON, written canonically. */
  details: string
  request_id: string
  ip: string | null
}

/** The fields of a new entry, with nothing in them that PostgreSQL can't hold. */
export function fieldsOf(entry: AuditEntry): EntryFields {
  return {
    org_id: entry.orgId.toLowerCase(),
    occurred_at: entry.occurredAt.toISOString(),
    actor_kind: entry.actorKind,
    actor_id: textOrNull(entry.actorId),
    action: storableText(entry.action),
    target_type: storableText(entry.targetType),
    target_id: textOrNull(entry.targetId),
    details: canonicalize(storableJson(entry.details)),
    request_id: storableText(entry.requestId),
    ip: textOrNull(entry.ip),
  }
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text)
}

/**
 * The canonical text of an entry (RFC 8785), which is what is hashed. `details` goes in as it is: if it was changed in
 * as little as the way it is written, the text is another.
 */
export function entryText(fields: EntryFields): string {
  return writeMembers(membersOf(fields))
}

/** An entry as a line of an export: its fields, its number and its hash, written canonically. */
export function exportLine(fields: EntryFields, link: { sequence: number; hash: string }): string {
  return writeMembers({
    ...membersOf(fields),
    sequence: canonicalize(link.sequence),
    hash: canonicalize(link.hash),
  })
}

/** The members of the canonical object, each value written canonically already. */
function membersOf(fields: EntryFields): Record<string, string> {
  return {
    org_id: canonicalize(fields.org_id),
    occurred_at: canonicalize(fields.occurred_at),
    actor_kind: canonicalize(fields.actor_kind),
    actor_id: canonicalize(fields.actor_id),
    action: canonicalize(fields.action),
    target_type: canonicalize(fields.target_type),
    target_id: canonicalize(fields.target_id),
    details: fields.details,
    request_id: canonicalize(fields.request_id),
    ip: canonicalize(fields.ip),
  }
}

function writeMembers(members: Readonly<Record<string, string>>): string {
  const names = Object.keys(members).sort()
  return `{${names.map((name) => `"${name}":${members[name]}`).join(',')}}`
}
