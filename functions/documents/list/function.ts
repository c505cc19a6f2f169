import * as v from 'valibot'
import { Document, documentStatuses } from '#shared/domain/documents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/documents',
  access: 'intelligence:read',
  summary: 'List the documents of the workspace',
  query: v.strictObject({
    ...pageQuery,
    project_id: v.optional(Id),
    status: v.optional(v.picklist(documentStatuses)),
  }),
  responses: { 200: pageOf(Document) },
  handler: () => import('./handler.ts'),
})
