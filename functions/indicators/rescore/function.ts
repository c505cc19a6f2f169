import { rescoreIndicators } from '#shared/domain/intelligence/decay.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: rescoreIndicators,
  summary: 'Let the confidence in the next indicators of an organization decay',
  resources: { timeoutSeconds: 120, enqueues: [rescoreIndicators] },
  handler: () => import('./handler.ts'),
})
