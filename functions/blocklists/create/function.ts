import * as v from 'valibot'
import { Blocklist, BlocklistDraft } from '#shared/domain/blocklists/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/blocklists',
  access: 'organization:manage',
  summary: 'Make a blocklist with a URL for firewalls and resolvers; the URL is shown once',
  body: BlocklistDraft,
  idempotent: true,
  audit: 'blocklist.created',
  responses: { 201: v.strictObject({ blocklist: Blocklist, url: v.string() }) },
  handler: () => import('./handler.ts'),
})
