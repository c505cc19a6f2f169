import * as v from 'valibot'
import { blocklistFormats, blocklistMediaTypes } from '#shared/domain/blocklists/serve.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/blocklists/{blocklist_id}/content',
  access: 'intelligence:read',
  basic: true,
  summary: 'Read what a blocklist blocks, as firewalls do that sign in with HTTP Basic',
  description:
    'The user name may be anything, the password is an API key. Who works in one workspace only gets what was found ' +
    'there. Send `If-None-Match` with the last `ETag` to get 304 while nothing has changed.',
  params: v.strictObject({ blocklist_id: Id }),
  query: v.strictObject({ format: v.optional(v.picklist(blocklistFormats), 'plain') }),
  responses: { 200: text('The list', ...blocklistMediaTypes), 304: null },
  handler: () => import('./handler.ts'),
})
