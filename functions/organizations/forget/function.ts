import { forgetOrganization } from '#shared/domain/erasure/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: forgetOrganization,
  summary: 'Remove what its owner could still see of a deleted organization',
  whileDeleting: true,
  resources: {
    timeoutSeconds: 300,
    buckets: ['uploads', 'exports', 'artifacts'],
    enqueues: [forgetOrganization],
  },
  handler: () => import('./handler.ts'),
})
