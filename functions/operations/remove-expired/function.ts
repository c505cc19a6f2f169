import { removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '47 2 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Remove what has had its time: files of exports, notifications and settled dead letters after 90 days',
  resources: { enqueues: [removeLateObjects] },
  handler: () => import('./handler.ts'),
})
