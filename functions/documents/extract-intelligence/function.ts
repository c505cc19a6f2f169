import {
  documentFinished,
  extractIntelligence,
  indexDocument,
  validateDocument,
} from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: extractIntelligence,
  summary: 'Find indicators, techniques, actors, software and vulnerabilities in a text',
  resources: { memoryMegabytes: 1024, enqueues: [indexDocument, validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
