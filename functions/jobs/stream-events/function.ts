import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/jobs/{job_id}/events',
  access: 'intelligence:read',
  whileDeleting: true,
  summary: 'Watch a job by server-sent events, until it ends',
  description: 'Send `Last-Event-ID` to go on where a lost connection stopped.',
  params: v.strictObject({ job_id: Id }),
  responses: { 200: text('Server-sent events, one for each change of the job', 'text/event-stream') },
  resources: { timeoutSeconds: 620 },
  handler: () => import('./handler.ts'),
})
