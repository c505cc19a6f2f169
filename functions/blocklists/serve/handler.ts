import { openBlocklist, organizationOfToken } from '#shared/domain/blocklists/blocklists.ts'
import { serveBlocklist } from '#shared/domain/blocklists/serve.ts'
import { notFound } from '#shared/domain/errors.ts'
import { matchesEtag } from '#shared/domain/etag.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, enter, now }, { params, query, headers }) => {
  const orgId = organizationOfToken(params.token)
  if (orgId === null) throw notFound('Blocklist')
  await enter(orgId)
  const blocklist = await openBlocklist(sql, params.token)
  const { etag, mediaType, text } = await serveBlocklist(sql, blocklist, query.format, now)
  const caching = { etag, 'cache-control': 'private, max-age=60' }
  if (matchesEtag(headers['if-none-match'], etag)) return { status: 304, body: null, headers: caching }
  return { status: 200, body: text, headers: { ...caching, 'content-type': mediaType } }
}
