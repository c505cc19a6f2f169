import { documentFinished, extractText, scanDocument } from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: scanDocument,
  summary: 'Scan an uploaded file for malware',
  resources: { buckets: ['uploads'], enqueues: [extractText], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
