import { billingFollowUps, endMandate } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: endMandate,
  summary: 'End a mandate at the payment gateway: it was replaced or cancelled, or its organization is gone',
  whileDeleting: true,
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
