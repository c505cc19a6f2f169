import { advanceSubscription, billingFollowUps } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: advanceSubscription,
  summary: 'Do what the passing of time does to a subscription, and tell its customer',
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
