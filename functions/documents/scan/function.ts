import { documentFinished, extractText, scanDocument, validateDocument } from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: scanDocument,
  summary: 'Scan an uploaded file for malware',
  resources: { buckets: ['uploads'], enqueues: [extractText, validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
