import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Relationship, relationshipStatuses } from '#shared/domain/intelligence/relationships.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/relationships',
  access: 'intelligence:read',
  summary: 'List what is related to what',
  query: v.strictObject({
    ...pageQuery,
    status: v.optional(v.picklist(relationshipStatuses)),
    subject_id: v.optional(
      v.pipe(Id, v.description('Of an indicator, technique, actor …: those of it, on either side')),
    ),
  }),
  responses: { 200: pageOf(Relationship) },
  handler: () => import('./handler.ts'),
})
