import { readJob } from '#shared/domain/jobs/jobs.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readJob(sql, params.job_id),
})
