import { setTimeout } from 'node:timers/promises'
import type { Sql } from '../sql.ts'
import { type JobEvent, listJobEvents, readJobVersion } from './jobs.ts'

/** How often a job is looked at for its listeners. */
const pollMilliseconds = 250
/** Proxies close connections that are silent for long: Cloud Run and load balancers after a minute at the earliest. */
const heartbeatMilliseconds = 15_000
/** A stream ends by itself after so long: before any deadline cuts it off, and so that the watcher shows their token again. */
export const streamSeconds = 600

const ended = new Set(['succeeded', 'failed', 'cancelled'])

/** What a stream of events is made of. */
export interface JobEventSource {
  /** The events after a sequence number. */
  read(after: number): Promise<JobEvent[]>
  /** The last sequence number that the listener has seen, from `Last-Event-ID`; 0 for all. */
  after: number
  signal: AbortSignal
  /** Milliseconds of any clock that goes on. */
  clock(): number
}

/**
 * Streams a job's events as server-sent events (HTML standard, section 9.2) until it ends, the stream has lasted for
 * `streamSeconds`, or the listener is gone. Who listens on asks again with the id of the last event; none is missed.
 */
export async function* streamJobEvents({ read, after, signal, clock }: JobEventSource): AsyncIterable<string> {
  let seen = after
  let spokeAt = clock()
  const endsAt = spokeAt + streamSeconds * 1000
  yield 'retry: 1000\n\n'
  while (!signal.aborted && clock() < endsAt) {
    for (const event of await read(seen)) {
      yield `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`
      seen = event.sequence
      spokeAt = clock()
      if (ended.has(event.type)) return
    }
    // By the clock: a database that is slow takes its time between two looks.
    if (clock() - spokeAt >= heartbeatMilliseconds) {
      spokeAt = clock()
      yield ': still here\n\n'
    }
    await setTimeout(pollMilliseconds, undefined, { signal }).catch(() => {})
  }
}

/** What a route that streams a job's events needs of its context. */
export interface WatchContext {
  sql: Sql
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  signal: AbortSignal
}

/**
 * The answer to who watches a job: its events from where they stopped, or 204 when it has ended and nothing more comes.
 * @param lastEventId as the client sent it
 * @throws AppError NOT_FOUND
 */
export async function watchJob({ sql, read, signal }: WatchContext, jobId: string, lastEventId: string | undefined) {
  const { version, ended: over, kept } = await readJobVersion(sql, jobId)
  const seen = Number(lastEventId ?? 0)
  // An id that is none of this job's is no reason to keep events from anyone.
  const after = Number.isInteger(seen) && seen > 0 && seen <= version ? seen : 0
  if (over && (after === version || !kept)) return { status: 204, body: null } as const
  return {
    status: 200,
    headers: { 'cache-control': 'no-store, no-transform' },
    body: streamJobEvents({
      read: (from) => read((own) => listJobEvents(own, jobId, from)),
      after,
      signal,
      clock: () => performance.now(),
    }),
  } as const
}
