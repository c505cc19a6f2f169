import { rescoreIndicators } from '#shared/domain/intelligence/decay.ts'
import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  cron: '13 0 * * *',
  timeZone: 'Etc/UTC',
  summary: 'Begin to let the confidence in indicators decay, organization by organization',
  resources: { enqueues: [rescoreIndicators] },
  handler: () => import('./handler.ts'),
})
