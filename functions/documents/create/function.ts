import * as v from 'valibot'
import { Document, DocumentDraft, Upload } from '#shared/domain/documents/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/documents',
  access: 'intelligence:write',
  summary: 'Announce a document and get a URL to upload its file to',
  description: 'Send the file to the URL with the headers given, then complete the upload.',
  body: DocumentDraft,
  idempotent: true,
  audit: 'document.announced',
  responses: { 201: v.strictObject({ document: Document, upload: Upload }) },
  resources: { buckets: ['uploads'] },
  handler: () => import('./handler.ts'),
})
