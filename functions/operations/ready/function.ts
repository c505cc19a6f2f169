import * as v from 'valibot'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/ready',
  access: 'public',
  summary: 'Whether requests can be served: 200 when the database answers, else 503',
  responses: { 200: v.strictObject({ status: v.literal('ready') }) },
  handler: () => import('./handler.ts'),
})
