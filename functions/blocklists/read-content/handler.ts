import { readBlocklist } from '#shared/domain/blocklists/blocklists.ts'
import { serveBlocklist } from '#shared/domain/blocklists/serve.ts'
import { matchesEtag } from '#shared/domain/etag.ts'
import { seesEveryWorkspace } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { params, query, headers }) => {
  const blocklist = await readBlocklist(sql, params.blocklist_id)
  const sight = seesEveryWorkspace(principal) ? 'organization' : 'workspace'
  const { etag, mediaType, text } = await serveBlocklist(sql, blocklist, query.format, now, sight)
  const caching = { etag, 'cache-control': 'private, max-age=60' }
  if (matchesEtag(headers['if-none-match'], etag)) return { status: 304, body: null, headers: caching }
  return { status: 200, body: text, headers: { ...caching, 'content-type': mediaType } }
}
