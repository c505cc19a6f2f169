import { Health } from '#shared/domain/health/health.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/health',
  access: 'public',
  summary: 'How each thing is that the product depends on: 200 when requests can be served, else 503',
  description: 'Looks at most once in two seconds, and waits for none of them longer than two seconds.',
  responses: { 200: Health, 503: Health },
  resources: { buckets: ['uploads'] },
  handler: () => import('./handler.ts'),
})
