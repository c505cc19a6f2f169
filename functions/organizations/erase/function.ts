import { eraseOrganization, forgetOrganization, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: eraseOrganization,
  summary: 'Remove the next part of an organization that is being deleted',
  whileDeleting: true,
  resources: {
    timeoutSeconds: 300,
    buckets: ['uploads', 'exports', 'artifacts'],
    enqueues: [eraseOrganization, forgetOrganization, removeLateObjects],
  },
  handler: () => import('./handler.ts'),
})
