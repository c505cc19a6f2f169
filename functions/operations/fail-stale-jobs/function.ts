import { revivingMessages } from '#shared/domain/jobs/revive.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '*/10 * * * *',
  timeZone: 'Etc/UTC',
  summary: 'Take up jobs again that nobody works on any more, or end them and what they work on',
  resources: revivingMessages,
  handler: () => import('./handler.ts'),
})
