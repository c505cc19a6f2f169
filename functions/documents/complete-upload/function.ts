import * as v from 'valibot'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import { Document } from '#shared/domain/documents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/documents/{document_id}/complete',
  access: 'intelligence:write',
  summary: 'Say that the file is uploaded: starts the pipeline, whose job can be watched',
  params: v.strictObject({ document_id: Id }),
  audit: 'document.uploaded',
  responses: { 202: Document },
  resources: { buckets: ['uploads'], enqueues: [validateDocument] },
  handler: () => import('./handler.ts'),
})
