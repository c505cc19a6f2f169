import { watchJob } from '#shared/domain/jobs/stream.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = (context, { params, headers }) =>
  watchJob(context, params.job_id, headers['last-event-id'])
