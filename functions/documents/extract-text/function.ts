import {
  documentFinished,
  extractIntelligence,
  extractText,
  validateDocument,
} from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: extractText,
  summary: 'Read the text of a file, with its pages',
  resources: {
    timeoutSeconds: 120,
    memoryMegabytes: 2048,
    buckets: ['uploads'],
    enqueues: [extractIntelligence, validateDocument],
    publishes: [documentFinished],
  },
  handler: () => import('./handler.ts'),
})
