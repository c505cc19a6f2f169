import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { streamSeconds } from '#shared/domain/jobs/stream.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/jobs/{job_id}/events',
  access: 'intelligence:read',
  whileDeleting: true,
  summary: 'Watch a job by server-sent events, until it ends',
  description:
    'A stream ends after ten minutes at the latest: connect again. Send `Last-Event-ID` to go on where a connection stopped; 204 says that the job has ended and nothing more comes.',
  params: v.strictObject({ job_id: Id }),
  responses: { 200: text('Server-sent events, one for each change of the job', 'text/event-stream'), 204: null },
  resources: { timeoutSeconds: streamSeconds + 20 },
  handler: () => import('./handler.ts'),
})
