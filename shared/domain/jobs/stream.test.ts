import { expect, test } from 'vitest'
import type { JobEvent } from './jobs.ts'
import { streamJobEvents, streamSeconds } from './stream.ts'

/** A job that changes as the test says, and a clock that goes on by so much whenever somebody looks at it. */
function makeJob(secondsPerLook: number) {
  const events: JobEvent[] = []
  let now = 0
  const looks: number[] = []
  return {
    looks,
    now: () => now,
    happen(type: JobEvent['type']) {
      events.push({ sequence: events.length + 1, type, data: { status: type } })
    },
    watch: (after = 0, signal = AbortSignal.timeout(60_000)) =>
      streamJobEvents({
        async read(from) {
          looks.push(now)
          return events.filter(({ sequence }) => sequence > from)
        },
        after,
        signal,
        clock: () => (now += secondsPerLook * 1000),
      }),
  }
}

async function collect(stream: AsyncIterable<string>): Promise<string[]> {
  const chunks: string[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

const idsIn = (chunks: readonly string[]) => chunks.flatMap((chunk) => /^id: (\d+)$/m.exec(chunk)?.[1] ?? [])

test('a stream tells when to come back, then every event with its id, and ends with the job', async () => {
  const job = makeJob(0)
  for (const type of ['queued', 'running', 'succeeded'] as const) job.happen(type)
  const chunks = await collect(job.watch())
  expect(chunks[0]).toBe('retry: 1000\n\n')
  expect(chunks[1]).toBe('id: 1\nevent: queued\ndata: {"status":"queued"}\n\n')
  expect(idsIn(chunks)).toEqual(['1', '2', '3'])
})

test('while a job says nothing, its stream is never silent for a minute, however slow the database is', async () => {
  const job = makeJob(9)
  job.happen('running')
  const spoken: number[] = [0]
  for await (const chunk of job.watch()) {
    spoken.push(job.now())
    if (!chunk.startsWith('id')) expect(chunk).toMatch(/^(retry: 1000|:[^\n]*)\n\n$/)
  }
  spoken.push(job.now())
  const silences = spoken.slice(1).map((at, index) => at - spoken[index]!)
  expect(spoken.at(-1)).toBeGreaterThanOrEqual(streamSeconds * 1000)
  expect(Math.max(...silences)).toBeLessThan(60_000)
})

test('a stream ends by itself after ten minutes, and the next one goes on where it stopped', async () => {
  const job = makeJob(100)
  job.happen('queued')
  job.happen('running')
  const first = await collect(job.watch())
  expect(job.looks.every((at) => at <= streamSeconds * 1000)).toBe(true)
  job.happen('running')
  job.happen('succeeded')
  const second = await collect(job.watch(Number(idsIn(first).at(-1))))
  expect([...idsIn(first), ...idsIn(second)]).toEqual(['1', '2', '3', '4'])
})

test('nobody looks for a listener who is gone', async () => {
  const job = makeJob(0)
  job.happen('running')
  const gone = new AbortController()
  const chunks: string[] = []
  for await (const chunk of job.watch(0, gone.signal)) {
    chunks.push(chunk)
    if (chunk.startsWith('id')) gone.abort()
  }
  expect(chunks).toHaveLength(2)
  expect(job.looks).toHaveLength(1)
})
