import { cancelJob } from '#shared/domain/jobs/end.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { params }) => {
  const job = await cancelJob(context, params.job_id)
  context.audit('job.cancelled', { targetId: job.id, details: { kind: job.kind, subject_id: job.subject_id } })
  return { status: 200, body: job }
}
