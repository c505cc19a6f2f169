import { sendBillingMail } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: sendBillingMail,
  summary: 'Tell a customer of a debt, a renewal that is due, or the end of a trial or a subscription',
  handler: () => import('./handler.ts'),
})
