import { advanceSubscription } from '#shared/domain/billing/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '30 6 * * *',
  timeZone: 'Asia/Kolkata',
  summary: 'Look after subscriptions whose end is near or over: reminders, grace, suspension, ends',
  resources: { enqueues: [advanceSubscription], timeoutSeconds: 300 },
  handler: () => import('./handler.ts'),
})
