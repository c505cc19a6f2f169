import { applyFetched, applyGatewayEvent, endMandate, sendRefund } from '#shared/domain/billing/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '*/10 * * * *',
  timeZone: 'Etc/UTC',
  summary:
    'Take up what has come to a stop in billing: events, refunds, captures, ends of mandates, orders nobody paid',
  resources: { enqueues: [applyGatewayEvent, applyFetched, sendRefund, endMandate] },
  handler: () => import('./handler.ts'),
})
