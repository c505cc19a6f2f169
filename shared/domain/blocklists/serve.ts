import { createHash } from 'node:crypto'
import type { Sql } from '../sql.ts'
import { listEntries, type Sight } from './blocklists.ts'
import { type BlocklistFormat, blocklistFormats, mediaTypeOf, renderBlocklist, typesOfFormat } from './render.ts'
import type { Blocklist } from './schemas.ts'

export { blocklistFormats }

export const blocklistMediaTypes = [...new Set(blocklistFormats.map(mediaTypeOf))]

export interface ServedBlocklist {
  /** Changes when the entries do; the time in the list's header doesn't count. */
  etag: string
  mediaType: string
  text: AsyncIterable<string>
}

/** Makes a blocklist as of now in a format; types that the format can't carry are left out. */
export async function serveBlocklist(
  sql: Sql,
  blocklist: Blocklist,
  format: BlocklistFormat,
  now: Date,
  sight: Sight = 'organization',
): Promise<ServedBlocklist> {
  const carried = typesOfFormat(format)
  const types = blocklist.types.filter((type) => carried === null || carried.includes(type))
  const entries = await listEntries(sql, blocklist, types, now, sight)
  const hash = createHash('sha256').update(`${format}\n${blocklist.name}\n`)
  for (const { type, value } of entries) hash.update(`${type}\n${value}\n`)
  return {
    etag: `"${hash.digest('base64url')}"`,
    mediaType: mediaTypeOf(format),
    text: renderBlocklist(format, entries, { id: blocklist.id, name: blocklist.name, generatedAt: now }),
  }
}
