import { applyFetched, endMandate } from '#shared/domain/billing/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '0 3 * * *',
  timeZone: 'Asia/Kolkata',
  summary:
    'Compare the last days at the payment gateway with our rows: repair what was not heard of, tell what differs',
  resources: { timeoutSeconds: 1200, enqueues: [applyFetched, endMandate] },
  handler: () => import('./handler.ts'),
})
