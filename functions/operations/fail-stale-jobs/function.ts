import { documentFinished, validateDocument } from '#shared/domain/documents/messages.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '*/10 * * * *',
  timeZone: 'Etc/UTC',
  summary: 'End jobs that nobody works on any more, and what they work on',
  resources: { enqueues: [validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
