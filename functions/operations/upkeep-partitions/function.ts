import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '37 1 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Make the months to come of audit and usage logs, drop those too old, and log the heads of all audit logs',
  handler: () => import('./handler.ts'),
})
