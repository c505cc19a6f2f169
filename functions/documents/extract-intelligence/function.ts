import { documentFinished, extractIntelligence, indexDocument } from '#shared/domain/documents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: extractIntelligence,
  summary: 'Find indicators, techniques, actors, software and vulnerabilities in a text',
  resources: { memoryMegabytes: 1024, enqueues: [indexDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
