import { billingFollowUps, updateMandate } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: updateMandate,
  summary: 'Have the payment gateway charge what a subscription costs from its next period on',
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
