import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '*/5 * * * *',
  timeZone: 'Etc/UTC',
  summary: 'Have the identity provider forget people who deleted themselves, and remove what is left of them here',
  handler: () => import('./handler.ts'),
})
