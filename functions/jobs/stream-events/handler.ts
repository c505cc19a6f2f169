import { listJobEvents, readJobVersion } from '#shared/domain/jobs/jobs.ts'
import { streamJobEvents } from '#shared/domain/jobs/stream.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, read, signal }, { params, headers }) => {
  const { version, ended } = await readJobVersion(sql, params.job_id)
  const seen = Number(headers['last-event-id'] ?? 0)
  // An id that is none of this job's is no reason to keep events from anyone.
  const after = Number.isInteger(seen) && seen > 0 && seen <= version ? seen : 0
  if (ended && after === version) return { status: 204, body: null }
  return {
    status: 200,
    headers: { 'cache-control': 'no-store, no-transform' },
    body: streamJobEvents({
      read: (from) => read((own) => listJobEvents(own, params.job_id, from)),
      after,
      signal,
      clock: () => performance.now(),
    }),
  }
}
