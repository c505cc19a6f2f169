import { billingFollowUps, capturePayment } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: capturePayment,
  summary: 'Take an authorized payment whose order still wants it',
  whileDeleting: true,
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
