import { documentFinished, scanDocument, validateDocument } from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: validateDocument,
  summary: 'Check what an uploaded file is, and whether it is known already',
  resources: { buckets: ['uploads'], enqueues: [scanDocument, validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
