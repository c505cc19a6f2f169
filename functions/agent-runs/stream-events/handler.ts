import { readRun } from '#shared/domain/agents/runs.ts'
import { notFound } from '#shared/domain/errors.ts'
import { watchJob } from '#shared/domain/jobs/stream.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { params, headers }) => {
  const { job_id } = await readRun(context.sql, params.run_id)
  if (job_id === null) throw notFound('Job')
  return watchJob(context, job_id, headers['last-event-id'])
}
