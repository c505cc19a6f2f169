import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '* * * * *',
  timeZone: 'Etc/UTC',
  summary: 'Enqueue steps again that nobody works on, and end runs that nobody decides on',
  resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
