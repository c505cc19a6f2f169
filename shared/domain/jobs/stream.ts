import { setTimeout } from 'node:timers/promises'
import type { JobEvent } from './jobs.ts'

/** How often a job is looked at for its listeners. */
const pollMilliseconds = 250
/** Proxies close connections that are silent for long. */
const heartbeatMilliseconds = 15_000

const ended = new Set(['succeeded', 'failed', 'cancelled'])

/**
 * Streams a job's events as server-sent events (HTML standard, section 9.2) until it ends or the listener is gone.
 * @param readEvents the events after a sequence number
 * @param after the last sequence number that the listener has seen, from `Last-Event-ID`; 0 for all
 */
export async function* streamJobEvents(
  readEvents: (after: number) => Promise<JobEvent[]>,
  after: number,
  signal: AbortSignal,
): AsyncIterable<string> {
  let seen = after
  let silentMilliseconds = 0
  yield 'retry: 1000\n\n'
  while (!signal.aborted) {
    const events = await readEvents(seen)
    for (const event of events) {
      yield `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`
      seen = event.sequence
      if (ended.has(event.type)) return
    }
    if (events.length > 0) {
      silentMilliseconds = 0
      continue
    }
    silentMilliseconds += pollMilliseconds
    if (silentMilliseconds >= heartbeatMilliseconds) {
      silentMilliseconds = 0
      yield ': still here\n\n'
    }
    await setTimeout(pollMilliseconds, undefined, { signal }).catch(() => {})
  }
}
