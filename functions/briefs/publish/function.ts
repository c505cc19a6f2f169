import * as v from 'valibot'
import { Brief } from '#shared/domain/briefs/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/briefs/{brief_id}/publish',
  access: 'intelligence:write',
  summary: 'Publish a brief as it is; from then on it stays so',
  params: v.strictObject({ brief_id: Id }),
  ifMatch: true,
  audit: 'brief.published',
  responses: { 200: Brief },
  handler: () => import('./handler.ts'),
})
