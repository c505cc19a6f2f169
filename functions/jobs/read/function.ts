import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Job } from '#shared/domain/jobs/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/jobs/{job_id}',
  access: 'intelligence:read',
  whileDeleting: true,
  summary: 'Read how far a job has come',
  params: v.strictObject({ job_id: Id }),
  responses: { 200: Job },
  handler: () => import('./handler.ts'),
})
