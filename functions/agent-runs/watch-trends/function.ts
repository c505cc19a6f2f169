import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  // Every workspace once a day; each look within the hour takes some of those that are left.
  cron: '*/5 5 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Watch the trends of workspaces in which documents came in since the last time',
  resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
