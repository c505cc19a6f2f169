import * as v from 'valibot'
import { blocklistFormats, blocklistMediaTypes } from '#shared/domain/blocklists/serve.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/lists/{token}',
  access: 'public',
  summary: 'Read a blocklist by its token, as firewalls and resolvers do',
  description: 'Send `If-None-Match` with the last `ETag` to get 304 while nothing has changed.',
  params: v.strictObject({ token: v.pipe(v.string(), v.maxLength(200)) }),
  query: v.strictObject({ format: v.optional(v.picklist(blocklistFormats), 'plain') }),
  responses: { 200: text('The list', ...blocklistMediaTypes), 304: null },
  handler: () => import('./handler.ts'),
})
