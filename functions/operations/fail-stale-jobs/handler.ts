import { failStaleJob, listStaleJobs } from '#shared/domain/jobs/stale.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async (context) => {
  for (const job of await listStaleJobs(context.sql)) {
    await context.enter(job.org_id)
    const ended = await failStaleJob(context, job)
    if (ended) context.log.warn('stale job', { jobId: job.id, kind: job.kind, orgId: job.org_id })
  }
}
