import * as v from 'valibot'
import { Brief } from '#shared/domain/briefs/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/briefs/{brief_id}',
  access: 'intelligence:read',
  summary: 'Read a brief',
  params: v.strictObject({ brief_id: Id }),
  responses: { 200: Brief },
  handler: () => import('./handler.ts'),
})
