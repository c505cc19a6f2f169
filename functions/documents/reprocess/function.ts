import * as v from 'valibot'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import { Document } from '#shared/domain/documents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/documents/{document_id}/reprocess',
  access: 'intelligence:write',
  summary: 'Run the pipeline again, for instance after the product learned more; duplicates nothing',
  params: v.strictObject({ document_id: Id }),
  idempotent: true,
  audit: 'document.reprocessed',
  responses: { 202: Document },
  resources: { enqueues: [validateDocument] },
  handler: () => import('./handler.ts'),
})
