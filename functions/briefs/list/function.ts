import * as v from 'valibot'
import { BriefSummary, briefStatuses } from '#shared/domain/briefs/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { PlainText } from '#shared/domain/plain-text.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/briefs',
  access: 'intelligence:read',
  summary: 'List or search the briefs of the workspace',
  query: v.strictObject({
    ...pageQuery,
    q: v.optional(
      v.pipe(PlainText, v.maxLength(500), v.description('Words of title, headings and claims, as in a search engine')),
    ),
    status: v.optional(v.picklist(briefStatuses)),
  }),
  responses: { 200: pageOf(BriefSummary) },
  handler: () => import('./handler.ts'),
})
