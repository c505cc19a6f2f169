import { listJobEvents, readJob } from '#shared/domain/jobs/jobs.ts'
import { streamJobEvents } from '#shared/domain/jobs/stream.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** PostgreSQL's integer. */
const maximumSequence = 2 ** 31 - 1
/** A watcher connects again after that, and shows their token again. */
const streamSeconds = 600

export const run: RunRoute<typeof route> = async ({ sql, read, signal }, { params, headers }) => {
  const job = await readJob(sql, params.job_id)
  const seen = Number(headers['last-event-id'] ?? 0)
  return {
    status: 200,
    body: streamJobEvents(
      (after) => read((own) => listJobEvents(own, job.id, after)),
      Number.isInteger(seen) && seen > 0 ? Math.min(seen, maximumSequence) : 0,
      AbortSignal.any([signal, AbortSignal.timeout(streamSeconds * 1000)]),
    ),
  }
}
