import * as v from 'valibot'
import { Brief, BriefDraft } from '#shared/domain/briefs/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/briefs/{brief_id}',
  access: 'intelligence:write',
  summary: 'Replace what a draft says',
  description: 'What is published stays as it is: 409.',
  params: v.strictObject({ brief_id: Id }),
  body: BriefDraft,
  ifMatch: true,
  audit: 'brief.updated',
  responses: { 200: Brief },
  handler: () => import('./handler.ts'),
})
