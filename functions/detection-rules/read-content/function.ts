import * as v from 'valibot'
import { ruleKinds } from '#shared/domain/detection/schemas.ts'
import { Tlp } from '#shared/domain/tlp.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/detection-rules/content',
  access: 'intelligence:read',
  basic: true,
  summary: 'Read all active rules of a kind as one file, as tools do that sign in with HTTP Basic',
  description:
    'The user name may be anything, the password is an API key. Suricata rules name lists of hashes as files: ask for them ' +
    'with `list`. Send `If-None-Match` with the last `ETag` to get 304 while nothing has changed.',
  query: v.strictObject({
    kind: v.picklist(ruleKinds),
    maximum_tlp: v.pipe(v.optional(Tlp, 'AMBER'), v.description('Nothing more restrictive is in the file')),
    list: v.optional(
      v.pipe(v.string(), v.regex(/^adapt-\d{1,10}\.(?:md5|sha1|sha256)$/), v.description('Only this list')),
    ),
  }),
  responses: { 200: text('The rules', 'text/plain; charset=utf-8'), 304: null },
  handler: () => import('./handler.ts'),
})
