import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Actor } from '../tenancy/member-rules.ts'
import { lockActor } from '../tenancy/members.ts'
import { assertMayGive } from './authority.ts'
import { newApiKey, parseApiKey } from './key.ts'
import type { ApiKey, ApiKeyDraft, ApiKeyRotation } from './schemas.ts'

const columns = [
  'id',
  'name',
  'prefix',
  'workspace_id',
  'scopes',
  'expires_at',
  'last_used_at',
  'revoked_at',
  'replaced_by',
  'created_by',
  'created_at',
]

const maximumLiveKeys = 100
const maximumLifetimeDays = 366
const hourMilliseconds = 3_600_000

/** Who makes or rotates a key. */
interface KeyMaker {
  userId: string
  orgId: string
}

/** A key as its maker gets it: the text is returned here and never again. */
interface MadeKey {
  apiKey: ApiKey
  key: string
}

/**
 * Makes an API key for the maker's organization.
 * @throws AppError PERMISSION_DENIED, NOT_FOUND or VALIDATION_ERROR for what it may not be; CONFLICT when the
 *   organization has as many live keys as it may have
 */
export async function createApiKey(sql: Sql, maker: KeyMaker, draft: ApiKeyDraft, now: Date): Promise<MadeKey> {
  const scopes = [...new Set(draft.scopes)].sort()
  const actor = await lockForMaker(sql, maker)
  await assertMayGive(sql, actor, { scopes, workspaceId: draft.workspace_id })
  assertExpiry(draft.expires_at, now)
  return insertKey(sql, maker, { ...draft, scopes }, now)
}

export function listApiKeys(sql: Sql, page: Page): Promise<ApiKey[]> {
  return sql<ApiKey[]>`
    select ${sql(columns)} from api_keys where id < ${page.before ?? endOfIds} order by id desc limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readApiKey(sql: Sql, id: string): Promise<ApiKey> {
  const [apiKey] = await sql<ApiKey[]>`select ${sql(columns)} from api_keys where id = ${id}`
  if (!apiKey) throw notFound('API key')
  return apiKey
}

/** @throws AppError NOT_FOUND */
export async function renameApiKey(sql: Sql, id: string, name: string): Promise<ApiKey> {
  const [apiKey] = await sql<ApiKey[]>`update api_keys set name = ${name} where id = ${id} returning ${sql(columns)}`
  if (!apiKey) throw notFound('API key')
  return apiKey
}

/** Ends a key for good; doing so again changes nothing. @throws AppError NOT_FOUND */
export async function revokeApiKey(sql: Sql, id: string, now: Date): Promise<ApiKey> {
  const [apiKey] = await sql<ApiKey[]>`
    update api_keys set revoked_at = coalesce(revoked_at, ${now}) where id = ${id} returning ${sql(columns)}`
  if (!apiKey) throw notFound('API key')
  return apiKey
}

/**
 * Makes a key that takes another's place: same name, workspace and scopes, and the same expiry unless another is
 * given. The old one goes on for the overlap.
 * @throws AppError NOT_FOUND; CONFLICT for a key that is revoked, replaced or expired; what `createApiKey` throws, for
 *   whoever rotates a key gets to hold it
 */
export async function rotateApiKey(
  sql: Sql,
  maker: KeyMaker,
  id: string,
  rotation: ApiKeyRotation,
  now: Date,
): Promise<MadeKey> {
  const actor = await lockForMaker(sql, maker)
  const [old] = await sql<ApiKey[]>`select ${sql(columns)} from api_keys where id = ${id} for update`
  if (!old) throw notFound('API key')
  assertCanRotate(old, now)
  await assertMayGive(sql, actor, { scopes: old.scopes, workspaceId: old.workspace_id })
  if (rotation.expires_at !== undefined) assertExpiry(rotation.expires_at, now)
  const ends = Math.min(
    now.getTime() + rotation.overlap_hours * hourMilliseconds,
    old.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(old.expires_at),
  )
  await sql`update api_keys set expires_at = ${new Date(ends)} where id = ${id}`
  const expires_at = rotation.expires_at === undefined ? old.expires_at : rotation.expires_at
  const made = await insertKey(sql, maker, { ...old, expires_at }, now)
  await sql`update api_keys set replaced_by = ${made.apiKey.id} where id = ${id}`
  return made
}

function assertCanRotate(key: ApiKey, now: Date): void {
  if (key.revoked_at !== null) throw new AppError('CONFLICT', 'This key is revoked; make a new one')
  if (key.replaced_by !== null) throw new AppError('CONFLICT', 'This key was replaced already; rotate the one that did')
  if (key.expires_at !== null && Date.parse(key.expires_at) <= now.getTime()) {
    throw new AppError('CONFLICT', 'This key has expired; make a new one')
  }
}

function assertExpiry(expiresAt: string | null, now: Date): void {
  if (expiresAt === null) return
  const days = (Date.parse(expiresAt) - now.getTime()) / (24 * hourMilliseconds)
  if (days > 0 && days <= maximumLifetimeDays) return
  const message = days > 0 ? `must be at most ${maximumLifetimeDays} days ahead` : 'must be in the future'
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: 'body.expires_at', message }])
}

/**
 * One key after the other, so that two can't both take the last place; and none for who may not make them any more, for
 * the key would outlast the seconds that a role is believed.
 */
function lockForMaker(sql: Sql, maker: KeyMaker): Promise<Actor> {
  return lockActor(sql, maker, 'keys:manage')
}

async function insertKey(
  sql: Sql,
  maker: KeyMaker,
  draft: { name: string; workspace_id: string | null; scopes: readonly string[]; expires_at: string | null },
  now: Date,
): Promise<MadeKey> {
  const key = newApiKey()
  const { sha256, prefix } = parseApiKey(key)!
  const [apiKey] = await sql<ApiKey[]>`
    insert into api_keys (id, org_id, workspace_id, name, prefix, key_sha256, scopes, expires_at, created_by)
    select ${newId()}, ${maker.orgId}, ${draft.workspace_id}, ${draft.name}, ${prefix}, decode(${sha256}, 'hex'),
      ${sql.json([...draft.scopes])}, ${draft.expires_at}, ${maker.userId}
    where ${maximumLiveKeys} > (
      select count(*) from api_keys k
      where k.org_id = ${maker.orgId} and k.revoked_at is null and (k.expires_at is null or k.expires_at > ${now}))
    returning ${sql(columns)}`
  if (apiKey) return { apiKey, key }
  throw new AppError('CONFLICT', `An organization can have ${maximumLiveKeys} live keys; revoke one first`)
}
