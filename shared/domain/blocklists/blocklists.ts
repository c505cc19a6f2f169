import { createHash, randomBytes } from 'node:crypto'
import { notFound } from '../errors.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { newId } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Json, Sql } from '../sql.ts'
import { type Tlp, tlpUpTo } from '../tlp.ts'
import type { Blocklist } from './schemas.ts'

const columns = ['id', 'name', 'types', 'maximum_tlp', 'minimum_confidence', 'token_prefix', 'created_at', 'revoked_at']

export interface BlocklistDraft {
  orgId: string
  name: string
  types: IndicatorType[]
  maximumTlp: Tlp
  minimumConfidence: number
  createdBy: string | null
}

/**
 * A token that names its organization and proves, by 256 random bits, that its holder was given it. The name lets the
 * list be read inside that organization's walls; only the hash of the token is kept.
 */
function newToken(orgId: string): string {
  const organization = Buffer.from(orgId.replaceAll('-', ''), 'hex').toString('base64url')
  return `rfb_${organization}_${randomBytes(32).toString('base64url')}`
}

/** The organization that a token claims to belong to, or null when it is no token at all. */
export function organizationOfToken(token: string): string | null {
  const match = /^rfb_([A-Za-z0-9_-]{22})_[A-Za-z0-9_-]{43}$/.exec(token)
  if (!match) return null
  const hex = Buffer.from(match[1]!, 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Makes a blocklist. The token is returned here and never again. */
export async function createBlocklist(
  sql: Sql,
  draft: BlocklistDraft,
): Promise<{ blocklist: Blocklist; token: string }> {
  const token = newToken(draft.orgId)
  const [blocklist] = await sql<Blocklist[]>`
    insert into blocklists (id, org_id, name, token_sha256, token_prefix, types, maximum_tlp, minimum_confidence, created_by)
    values (${newId()}, ${draft.orgId}, ${draft.name}, decode(${hashOf(token)}, 'hex'), ${token.slice(0, 34)},
      ${sql.json(draft.types as unknown as Json)}, ${draft.maximumTlp}, ${draft.minimumConfidence}, ${draft.createdBy})
    returning ${sql(columns)}`
  return { blocklist: blocklist!, token }
}

export function listBlocklists(sql: Sql, page: Page): Promise<Blocklist[]> {
  return sql<Blocklist[]>`
    select ${sql(columns)} from blocklists where id < ${page.before ?? endOfIds} order by id desc limit ${page.size + 1}`
}

/** Makes a blocklist's URL useless. @throws AppError NOT_FOUND */
export async function revokeBlocklist(sql: Sql, id: string): Promise<void> {
  const rows = await sql`
    update blocklists set revoked_at = coalesce(revoked_at, now()) where id = ${id} returning 1`
  if (rows.length === 0) throw notFound('Blocklist')
}

/** @throws AppError NOT_FOUND for a token that is wrong, revoked or of another organization */
export async function openBlocklist(sql: Sql, token: string): Promise<Blocklist> {
  const [blocklist] = await sql<Blocklist[]>`
    select ${sql(columns)} from blocklists
    where token_sha256 = decode(${hashOf(token)}, 'hex') and revoked_at is null
      and not exists (select from organizations o where o.id = blocklists.org_id and o.deleting_at is not null)`
  if (!blocklist) throw notFound('Blocklist')
  return blocklist
}

/** @throws AppError NOT_FOUND, also when it is revoked */
export async function readBlocklist(sql: Sql, id: string): Promise<Blocklist> {
  const [blocklist] = await sql<Blocklist[]>`
    select ${sql(columns)} from blocklists where id = ${id} and revoked_at is null`
  if (!blocklist) throw notFound('Blocklist')
  return blocklist
}

/** Of everything the organization knows, or only what was found where the transaction's scope can see. */
export type Sight = 'organization' | 'workspace'

export interface BlocklistEntry {
  type: IndicatorType
  value: string
}

/** The most entries of one list; firewalls take far fewer. */
const maximumEntries = 200_000

/** What is to be blocked now: not suppressed, still valid, sure enough and free enough, in a stable order. */
export function listEntries(
  sql: Sql,
  blocklist: Pick<Blocklist, 'maximum_tlp' | 'minimum_confidence'>,
  types: readonly IndicatorType[],
  now: Date,
  sight: Sight,
): Promise<BlocklistEntry[]> {
  if (types.length === 0) return Promise.resolve([])
  return sql<BlocklistEntry[]>`
    select type, value from indicators i
    where suppressed_list is null and valid_until > ${now} and confidence >= ${blocklist.minimum_confidence}
      and type in ${sql([...types])} and tlp in ${sql(tlpUpTo(blocklist.maximum_tlp))}
      and (${sight === 'organization'} or exists (select from evidence e where e.indicator_id = i.id))
    order by type, value
    limit ${maximumEntries}`
}
