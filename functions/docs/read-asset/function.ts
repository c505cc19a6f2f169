import * as v from 'valibot'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/docs/{asset}',
  access: 'public',
  summary: 'A file that the API reference loads; its name changes with its content',
  params: v.strictObject({ asset: v.pipe(v.string(), v.maxLength(100)) }),
  responses: { 200: text('The file', 'text/javascript', 'text/css'), 304: null },
  handler: () => import('./handler.ts'),
})
