import { applyFetched, billingFollowUps } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: applyFetched,
  summary: 'Ask the payment gateway about something and take in what it shows',
  // What is paid to an organization that goes is paid back.
  whileDeleting: true,
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
