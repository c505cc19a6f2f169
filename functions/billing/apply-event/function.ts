import { applyGatewayEvent, billingFollowUps } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: applyGatewayEvent,
  summary: 'Take in what an event of the payment gateway tells',
  // What is paid to an organization that goes is paid back.
  whileDeleting: true,
  resources: { enqueues: billingFollowUps },
  handler: () => import('./handler.ts'),
})
