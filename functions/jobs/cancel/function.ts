import * as v from 'valibot'
import { documentFinished, validateDocument } from '#shared/domain/documents/messages.ts'
import { Id } from '#shared/domain/ids.ts'
import { Job } from '#shared/domain/jobs/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/cancel',
  access: 'intelligence:write',
  summary: 'Cancel a job: its document or export has failed then, and can be begun anew; an erasure goes on',
  params: v.strictObject({ job_id: Id }),
  audit: 'job.cancelled',
  responses: { 200: Job },
  resources: { enqueues: [validateDocument], publishes: [documentFinished] },
  handler: () => import('./handler.ts'),
})
