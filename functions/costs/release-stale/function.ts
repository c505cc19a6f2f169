import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '* * * * *',
  timeZone: 'Etc/UTC',
  summary:
    'Book model calls that nothing was heard of at their worst case, and forget reservations that ended long ago',
  handler: () => import('./handler.ts'),
})
