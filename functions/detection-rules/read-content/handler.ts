import { hashListIn, serveRules } from '#shared/domain/detection/serve-rules.ts'
import { notFound } from '#shared/domain/errors.ts'
import { etagOf, matchesEtag } from '#shared/domain/etag.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { query, headers }) => {
  const { kind, maximum_tlp: maximumTlp, list } = query
  const rules = await serveRules(sql, { workspaceId: principal.workspaceId, kind, maximumTlp })
  const content = list === undefined ? rules : hashListIn(rules, list)
  if (content === null) throw notFound('List of hashes')
  const caching = { etag: etagOf(content), 'cache-control': 'private, max-age=60' }
  if (matchesEtag(headers['if-none-match'], caching.etag)) return { status: 304, body: null, headers: caching }
  return { status: 200, body: content, headers: { ...caching, 'content-type': 'text/plain; charset=utf-8' } }
}
