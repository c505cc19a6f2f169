import { eraseWorkspace, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: eraseWorkspace,
  summary: 'Remove the next part of a workspace that is being deleted',
  resources: {
    timeoutSeconds: 300,
    buckets: ['uploads', 'exports', 'artifacts'],
    enqueues: [eraseWorkspace, removeLateObjects],
  },
  handler: () => import('./handler.ts'),
})
