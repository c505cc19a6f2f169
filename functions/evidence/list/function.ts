import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Evidence } from '#shared/domain/intelligence/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/evidence',
  access: 'intelligence:read',
  summary: 'List evidence: where documents say what is known',
  query: v.strictObject({
    ...pageQuery,
    document_id: v.optional(Id),
    indicator_id: v.optional(Id),
    entity_id: v.optional(Id),
  }),
  responses: { 200: pageOf(Evidence) },
  handler: () => import('./handler.ts'),
})
