import type { Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Link } from './chain.ts'
import type { AuditFilter, AuditLog } from './schemas.ts'

/** The organization's entries, newest first. @param page its position is a sequence number */
export function listAuditLogs(sql: Sql, filter: AuditFilter, page: Page): Promise<AuditLog[]> {
  const equals = (['actor_id', 'target_type', 'target_id', 'request_id'] as const).filter((name) => filter[name])
  return sql<AuditLog[]>`
    select sequence, occurred_at, actor_kind, actor_id, action, target_type, target_id, details, request_id, ip,
      encode(hash, 'hex') as hash
    from audit_logs
    where org_id = app_org_id()
      ${page.before === null ? sql`` : sql`and sequence < ${page.before}`}
      ${filter.action === undefined ? sql`` : sql`and starts_with(action, ${filter.action})`}
      ${[sql``, ...equals.map((name) => sql`and ${sql(name)} = ${filter[name]!}`)]}
      ${filter.from === undefined ? sql`` : sql`and occurred_at >= ${filter.from}`}
      ${filter.to === undefined ? sql`` : sql`and occurred_at < ${filter.to}`}
    order by sequence desc
    limit ${page.size + 1}`
}

export interface HeadOfLog {
  /** Null: nothing was ever logged, or the head is gone. */
  head: Link | null
  /** The number of the last entry there is, seen at the same moment; 0 for none. */
  lastSequence: number
}

export async function readHead(sql: Sql): Promise<HeadOfLog> {
  const [row] = await sql<{ sequence: number | null; hash: string; last_sequence: number }[]>`
    select head.sequence, encode(head.hash, 'hex') as hash, last.sequence as last_sequence
    from (select coalesce(max(sequence), 0) as sequence from audit_logs where org_id = app_org_id()) as last
    left join audit_heads as head on head.org_id = app_org_id()`
  const { sequence, hash, last_sequence } = row!
  return { head: sequence === null ? null : { sequence, hash }, lastSequence: last_sequence }
}

/** The link of one entry. */
export async function readLink(sql: Sql, sequence: number): Promise<Link | undefined> {
  const [link] = await sql<Link[]>`
    select sequence, encode(hash, 'hex') as hash from audit_logs
    where org_id = app_org_id() and sequence = ${sequence}
    order by occurred_at limit 1`
  return link
}

/** The heads of all organizations, for the runtime, which sees them. @param after an organization's id */
export function listHeads(sql: Sql, after: string, size: number): Promise<(Link & { org_id: string })[]> {
  return sql`
    select org_id, sequence, encode(hash, 'hex') as hash from audit_heads
    where org_id > ${after} order by org_id limit ${size}`
}

/**
 * Removes the log of an organization that is being deleted, a part at a time: `deleting_at` must be set.
 * @returns how many entries went; 0 when nothing is left
 */
export async function eraseAudit(sql: Sql, orgId: string, atMost: number): Promise<number> {
  const [row] = await sql<{ erased: number }[]>`select erase_audit(${orgId}, ${atMost}) as erased`
  return row!.erased
}
