import { removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: removeLateObjects,
  summary: 'Remove files that were still on their way when what they belong to was deleted',
  whileDeleting: true,
  resources: { timeoutSeconds: 900, buckets: ['uploads', 'exports', 'artifacts'] },
  handler: () => import('./handler.ts'),
})
