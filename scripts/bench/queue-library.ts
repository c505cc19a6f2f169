import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { PgBoss } from 'pg-boss'
import { createDatabaseIfMissing, startEmbeddedPostgres } from '#shared/platform/database/embedded.ts'
import { type EmbeddedCloud, startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import type { PushPlan } from '#shared/platform/push/index.ts'
import type { BenchmarkResult } from './benchmark.ts'

const singles = 200
const backlog = 5000

/** As many lanes as the product has, most of them at rest. */
const plan: PushPlan = {
  subscriptions: Array.from({ length: 40 }, (_, number) => ({
    topic: number === 0 ? 'documents' : `topic-${number}`,
    eventTypes: [],
    target: `consumer-${number}`,
    attempts: 5,
    minimumBackoffSeconds: 10,
    maximumBackoffSeconds: 600,
    ackDeadlineSeconds: 60,
  })),
  queues: ['priority', 'default', 'long-running', 'webhooks'].map((name) => ({
    name,
    attempts: 5,
    minimumBackoffSeconds: 1,
    maximumBackoffSeconds: 300,
    concurrency: 20,
    ratePerSecond: 10_000,
    deadlineSeconds: 60,
  })),
  schedules: [],
  deadLetterTarget: 'keep-dead-letters',
}

type Send = (ids: string[]) => Promise<unknown>

/**
 * What decision record 0002 rests on: pg-boss with its own workers, and pg-boss as the store under the embedded cloud
 * (kept, posted over HTTP to a server that does nothing, settled), on one durable embedded PostgreSQL.
 */
export async function bench(): Promise<BenchmarkResult> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'raptorflow-bench-'))
  const server = await startEmbeddedPostgres({ dataFolder })
  try {
    await createDatabaseIfMissing(server.ownerUrl('postgres'), 'workers')
    await createDatabaseIfMissing(server.ownerUrl('postgres'), 'cloud')
    return {
      figures: {
        ...(await measureWorkers(server.ownerUrl('workers'))),
        ...(await measureCloud(server.ownerUrl('cloud'))),
      },
      goals: {
        eventP50Milliseconds: { max: 25 },
        taskP50Milliseconds: { max: 25 },
        tasksPerSecond: { min: 500 },
      },
      notes: ["worker…: pg-boss's own workers (2 of 10 jobs each, notify, bursts), whose handlers do nothing."],
    }
  } finally {
    await server.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

async function measureWorkers(databaseUrl: string): Promise<Record<string, number>> {
  const boss = new PgBoss({ connectionString: databaseUrl, useListenNotify: true, max: 4 })
  boss.on('error', console.error)
  await boss.start()
  await boss.createQueue('jobs', { notify: true })
  const arrivals = new Arrivals()
  const options = {
    batchSize: 10,
    localConcurrency: 2,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 1,
    burstWhenBatchFull: true,
  }
  await boss.work('jobs', options, async (jobs) => {
    for (const job of jobs) arrivals.note(job.id)
  })
  await sleep(1000)
  const send: Send = (ids) => {
    const jobs = ids.map((id) => ({ id, data: { text: 'x'.repeat(500) } }))
    return boss.insert('jobs', jobs)
  }
  const [p50, p95] = await latency(arrivals, send)
  const perSecond = await throughput(arrivals, send)
  await boss.stop({ graceful: false })
  return { workerP50Milliseconds: p50, workerP95Milliseconds: p95, workerJobsPerSecond: perSecond }
}

async function measureCloud(databaseUrl: string): Promise<Record<string, number>> {
  const arrivals = new Arrivals()
  const functions = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString())
      arrivals.note(body.message ? body.message.attributes.id : body.id)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((done) => functions.listen(0, '127.0.0.1', done))
  const { port } = functions.address() as AddressInfo
  const key = new TextEncoder().encode(randomUUID())
  const cloud = await startEmbeddedCloud({
    databaseUrl,
    plan,
    urlOf: (target) => `http://127.0.0.1:${port}/${target}`,
    signToken: (audience) =>
      new SignJWT({ aud: audience }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key),
    log: { debug() {}, info() {}, warn: console.warn, error: console.error },
  })
  const [eventP50, eventP95] = await latency(arrivals, publisher(cloud))
  const [taskP50, taskP95] = await latency(arrivals, enqueuer(cloud))
  const tasksPerSecond = await throughput(arrivals, enqueuer(cloud))
  await sleep(2000)
  const before = process.cpuUsage()
  await sleep(10_000)
  const { user, system } = process.cpuUsage(before)
  await cloud.stop()
  functions.closeAllConnections()
  functions.close()
  return {
    eventP50Milliseconds: eventP50,
    eventP95Milliseconds: eventP95,
    taskP50Milliseconds: taskP50,
    taskP95Milliseconds: taskP95,
    tasksPerSecond,
    restCpuMillisecondsPerSecond: (user + system) / 10_000,
  }
}

function publisher({ bus }: EmbeddedCloud): Send {
  return (ids) => {
    const attributes = (id: string) => ({ event_type: 'document.stored', id })
    return bus.publish(ids.map((id) => ({ id, topic: 'documents', body: bodyOf(id), attributes: attributes(id) })))
  }
}

function enqueuer({ queue }: EmbeddedCloud): Send {
  return (ids) => queue.enqueue(ids.map((id) => ({ id, queue: 'default', target: 'worker', body: bodyOf(id) })))
}

function bodyOf(id: string): string {
  return JSON.stringify({ id, org_id: randomUUID(), payload: { text: 'x'.repeat(500) } })
}

/** Sends one after the other; milliseconds from the call to the handler, p50 and p95. */
async function latency(arrivals: Arrivals, send: Send): Promise<[number, number]> {
  const milliseconds: number[] = []
  for (let sent = 0; sent < singles; sent++) {
    const id = randomUUID()
    const begin = performance.now()
    const arrival = arrivals.of([id])
    await send([id])
    milliseconds.push((await arrival) - begin)
    await sleep(5)
  }
  milliseconds.sort((a, b) => a - b)
  return [milliseconds[singles * 0.5] ?? Number.NaN, milliseconds[singles * 0.95] ?? Number.NaN]
}

async function throughput(arrivals: Arrivals, send: Send): Promise<number> {
  const ids = Array.from({ length: backlog }, () => randomUUID())
  const begin = performance.now()
  const arrival = arrivals.of(ids)
  for (let sent = 0; sent < backlog; sent += 100) await send(ids.slice(sent, sent + 100))
  return backlog / (((await arrival) - begin) / 1000)
}

class Arrivals {
  readonly #waiting = new Set<string>()
  #done: (at: number) => void = () => {}

  /** Resolves with `performance.now()` of the moment when the last of these has arrived. */
  of(ids: string[]): Promise<number> {
    for (const id of ids) this.#waiting.add(id)
    return new Promise((done) => {
      this.#done = done
    })
  }

  note(id: string): void {
    if (this.#waiting.delete(id) && this.#waiting.size === 0) this.#done(performance.now())
  }
}
