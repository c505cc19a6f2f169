import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '* * * * *',
  timeZone: 'Etc/UTC',
  summary: 'Send what senders left in the outbox when they died',
  resources: { sendsEverything: true },
  handler: () => import('./handler.ts'),
})
