import { limitOf, limitOrNull } from '../billing/entitlements/limit.ts'
import type { Sql } from '../sql.ts'
import { keyScopes, type Permission } from '../tenancy/permissions.ts'

/** A key with everything that decides what it may do. */
export interface LoadedKey {
  id: string
  orgId: string
  /** The one workspace that it is made for; null: every one of the organization. */
  boundWorkspaceId: string | null
  /** Those that it may enter, the oldest first. */
  workspaces: string[]
  permissions: ReadonlySet<Permission>
  /** Null: never. */
  expiresAt: Date | null
  /** The organization, or the one workspace, is being deleted. */
  deleting: boolean
  /** By the organization's plan; null: as many as the installation allows. */
  requestsPerMinute: number | null
}

interface Row extends Omit<LoadedKey, 'permissions' | 'expiresAt' | 'requestsPerMinute'> {
  requestsPerMinute: number
  scopes: string[]
  expiresAt: string | null
}

/**
 * Loads the key of this hash unless it is unknown or revoked; in one statement, in the runtime's own scope.
 *
 * The lookup need not take constant time: what is compared is the SHA-256 of what the caller sent. Even if a comparison
 * told how far it got, it would tell of a hash that the caller can't steer, and no hash leads back to 160 random bits.
 * @param sha256 of the whole key, in hex
 * @param defaultPlanId whose limits hold for organizations that pay nothing
 */
export async function loadKey(sql: Sql, sha256: string, defaultPlanId: string): Promise<LoadedKey | null> {
  const asked = { orgId: sql`k.org_id`, at: sql`now()`, defaultPlanId }
  const [row] = await sql<Row[]>`
    select k.id, k.org_id as "orgId", k.workspace_id as "boundWorkspaceId", k.scopes, k.expires_at as "expiresAt",
      o.deleting_at is not null as deleting, ${limitOf(sql, asked, 'requests_per_minute')} as "requestsPerMinute",
      coalesce((
        select jsonb_agg(w.id order by w.created_at, w.id) from workspaces w
        where w.org_id = k.org_id and w.deleting_at is null and (k.workspace_id is null or w.id = k.workspace_id)
      ), '[]') as workspaces
    from api_keys k join organizations o on o.id = k.org_id
    where k.key_sha256 = decode(${sha256}, 'hex') and k.revoked_at is null`
  if (!row) return null
  const { scopes, expiresAt, ...key } = row
  return {
    ...key,
    deleting: key.deleting || (key.boundWorkspaceId !== null && key.workspaces.length === 0),
    // What keys can't be allowed any more is worth nothing in an old one.
    requestsPerMinute: limitOrNull(key.requestsPerMinute),
    permissions: new Set(keyScopes.filter((scope) => scopes.includes(scope))),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  }
}
