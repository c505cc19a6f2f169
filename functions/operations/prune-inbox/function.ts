import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '17 3 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Forget messages and requests that were processed longer ago than any sender repeats them',
  handler: () => import('./handler.ts'),
})
