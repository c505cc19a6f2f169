import { buildExport } from '#shared/domain/exports/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: buildExport,
  summary: 'Write the file of an export',
  resources: { timeoutSeconds: 900, buckets: ['exports'] },
  handler: () => import('./handler.ts'),
})
