import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '0 5 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Watch the trends of workspaces in which documents came in since the last time',
  resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
