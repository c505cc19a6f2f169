import { billingFollowUps, sendRefund } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: sendRefund,
  summary: 'Ask the payment gateway to pay something back',
  whileDeleting: true,
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
