import * as v from 'valibot'
import { BriefComment } from '#shared/domain/briefs/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/briefs/{brief_id}/comments',
  access: 'intelligence:read',
  summary: 'List the comments on a brief, newest first',
  params: v.strictObject({ brief_id: Id }),
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(BriefComment) },
  handler: () => import('./handler.ts'),
})
