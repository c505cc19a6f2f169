import { listStaleJobs, settleStaleJob } from '#shared/domain/jobs/stale.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async (context) => {
  for (const job of await listStaleJobs(context.sql)) {
    await context.enter(job.org_id)
    const outcome = await settleStaleJob(context, job)
    if (outcome !== 'gone on') {
      context.log.warn('stale job', { outcome, jobId: job.id, kind: job.kind, orgId: job.org_id })
    }
  }
}
