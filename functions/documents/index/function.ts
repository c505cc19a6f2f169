import { documentFinished, indexDocument, validateDocument } from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: indexDocument,
  summary: 'Make a document findable and count what it holds',
  resources: { enqueues: [validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
