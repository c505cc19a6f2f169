import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { streamSeconds } from '#shared/domain/jobs/stream.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agent-runs/{run_id}/events',
  access: 'intelligence:read',
  summary: 'Watch a run by server-sent events, until it ends',
  description: 'The events are those of its job, and the stream is as that of a job: /v1/jobs/{job_id}/events.',
  params: v.strictObject({ run_id: Id }),
  responses: { 200: text('Server-sent events, one for each change of the run', 'text/event-stream'), 204: null },
  resources: { timeoutSeconds: streamSeconds + 20 },
  handler: () => import('./handler.ts'),
})
