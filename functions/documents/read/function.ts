import * as v from 'valibot'
import { Document } from '#shared/domain/documents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/documents/{document_id}',
  access: 'intelligence:read',
  summary: 'Read a document',
  params: v.strictObject({ document_id: Id }),
  responses: { 200: Document },
  handler: () => import('./handler.ts'),
})
