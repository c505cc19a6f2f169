import { deliverInvoice } from '#shared/domain/billing/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: deliverInvoice,
  summary: 'Store an invoice or credit note as PDF, and mail it',
  resources: { memoryMegabytes: 512, buckets: ['exports'] },
  handler: () => import('./handler.ts'),
})
