import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'

/** One answered request of an organization. */
export interface UsageEntry {
  orgId: string
  userId: string | null
  keyId: string | null
  /** The route, by its function's name. */
  functionName: string
  method: string
  status: number
  milliseconds: number
  requestBytes?: number
  responseBytes?: number
  at: Date
  requestId: string
}

/** A row that is yet to be written. Its id was given to it, so that writing it again changes nothing. */
export type UsageRow = ReturnType<typeof usageRow>

export function usageRow(entry: UsageEntry) {
  return {
    id: newId(),
    org_id: entry.orgId,
    user_id: entry.userId,
    key_id: entry.keyId,
    function_name: entry.functionName,
    method: entry.method,
    status: entry.status,
    // Finer than a hundredth is noise.
    milliseconds: Math.round(entry.milliseconds * 100) / 100,
    request_bytes: entry.requestBytes ?? null,
    response_bytes: entry.responseBytes ?? null,
    occurred_at: entry.at.toISOString(),
    request_id: entry.requestId,
  }
}

/**
 * Writes rows into the usage log in one statement; those that are there already, and those of organizations that are
 * gone or going, are left out.
 * @param sql of a transaction in the runtime's own scope
 */
export async function writeUsage(sql: Sql, rows: readonly UsageRow[]): Promise<void> {
  await sql`
    insert into api_usage_logs (id, org_id, user_id, key_id, function_name, method, status, milliseconds,
      request_bytes, response_bytes, occurred_at, request_id)
    select u.id, u.org_id, u.user_id, u.key_id, u.function_name, u.method, u.status, u.milliseconds,
      u.request_bytes, u.response_bytes, u.occurred_at, u.request_id
    from jsonb_to_recordset(${sql.json([...rows])}) as u (id uuid, org_id uuid, user_id uuid, key_id uuid,
      function_name text, method text, status smallint, milliseconds real, request_bytes bigint,
      response_bytes bigint, occurred_at timestamptz, request_id text)
    join organizations o on o.id = u.org_id and o.deleting_at is null
    on conflict do nothing`
}
