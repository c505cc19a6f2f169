import { randomInt } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '#shared/domain/documents/schemas.ts'
import type { Job } from '#shared/domain/jobs/schemas.ts'
import { readPostmaster } from '#shared/platform/database/embedded-orphan.ts'
import {
  awaitNoProcesses,
  findFreePort,
  kill,
  makeDataRoot,
  type ProductProcess,
  processesOf,
  removeDataRoot,
  startProductProcess,
} from '../../scripts/product-process.ts'
import {
  failedDeliveries,
  findViolations,
  type Outcome,
  openAsOwner,
  readObjects,
  readOutcome,
  unsettledDeliveries,
} from './invariants.ts'
import { PatientClient } from './patient-client.ts'
import { Random } from './random.ts'
import { makeReportFiles, type ReportFile } from './reports.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))

/** What is killed. `starting`: the program again, before it is ready. */
const blows = ['node', 'both', 'postmaster', 'node', 'starting', 'both', 'node'] as const
type Blow = (typeof blows)[number]

/** Uploads under way at once. */
const parallelUploads = 6
const patienceMilliseconds = 60_000

interface Run {
  dataFolder: string
  port: number
  product: ProductProcess
  client: PatientClient
  documents: Map<string, Document>
  kills: { blow: Blow; at: Date }[]
}

describe(`fifty documents, while the product is killed again and again (seed ${seed})`, () => {
  const random = new Random(seed)
  const files = makeReportFiles(random)
  let root: string
  let undisturbed: Outcome
  let run: Run
  let outcome: Outcome

  beforeAll(async () => {
    console.log(`ADAPT_FAULT_SEED=${seed}`)
    root = await makeDataRoot()
    undisturbed = await processUndisturbed(join(root, 'undisturbed'), files)
    run = await processUnderFire(join(root, 'disturbed'), files, random)
    const adapt = await openAsOwner(run.dataFolder, 'adapt')
    outcome = await readOutcome(adapt)
    await adapt.end()
  }, 150_000)

  afterAll(async () => {
    if (root) await removeDataRoot(root)
  }, 20_000)

  test('at least five kills hit work that was under way', async () => {
    const adapt = await openAsOwner(run.dataFolder, 'adapt')
    const hits: number[] = []
    for (const { at } of run.kills) {
      const [row] = await adapt<{ count: number }[]>`
        select count(*)::int from documents d join jobs j on j.id = d.job_id
        where d.created_at < ${at} and j.finished_at > ${at}`
      hits.push(row?.count ?? 0)
    }
    await adapt.end()
    console.log(`under way at each kill: ${run.kills.map(({ blow }, at) => `${blow} ${hits[at]}`).join(', ')}`)
    console.log(`failures that clients got over: ${JSON.stringify(Object.fromEntries(run.client.failures))}`)
    expect(hits.filter((count) => count > 0).length).toBeGreaterThanOrEqual(5)
  })

  test('every document ends as it should, and clients see it', async () => {
    const ends = { ready: 0, rejected: 0, duplicate: 0 } as Record<string, number>
    for (const file of files) {
      const known = run.documents.get(file.name)!
      const document = await run.client.request<Document>('GET', `/v1/documents/${known.id}`)
      const job = await run.client.request<Job>('GET', `/v1/jobs/${document.job_id}`)
      ends[document.status] = (ends[document.status] ?? 0) + 1
      if (file.expected !== 'one of two') expect([file.name, document.status]).toEqual([file.name, file.expected])
      expect(job.status).toBe(document.status === 'rejected' ? 'failed' : 'succeeded')
      if (job.status === 'succeeded') expect(job.done).toBe(job.total)
    }
    expect(ends).toEqual({ ready: 47, rejected: 2, duplicate: 1 })
  })

  test('the intelligence is that of an undisturbed run, document by document and in all', () => {
    expect(Object.keys(undisturbed.intelligence).length).toBe(47)
    expect(undisturbed.indicators.length).toBeGreaterThan(500)
    expect(undisturbed.entities.length).toBeGreaterThan(20)
    for (const name of Object.keys(undisturbed.documents)) {
      expect([name, outcome.documents[name]]).toEqual([name, undisturbed.documents[name]])
      expect([name, outcome.intelligence[name]]).toEqual([name, undisturbed.intelligence[name]])
    }
    expect(outcome).toEqual(undisturbed)
  })

  test('nothing is there twice, nothing is left over, nothing is lost', async () => {
    const adapt = await openAsOwner(run.dataFolder, 'adapt')
    const cloud = await openAsOwner(run.dataFolder, 'cloud')
    expect(await findViolations(adapt)).toEqual({})
    expect(await unsettledDeliveries(cloud)).toEqual([])
    const announced = await adapt`select id from documents where status = 'awaiting_upload'`
    // A client that never got the answer announced its document once more.
    expect(announced.length).toBeLessThanOrEqual(run.client.lostAnnouncements)
    await adapt.end()
    await cloud.end()
  })

  test('to be killed costs no message any of its attempts', async () => {
    const cloud = await openAsOwner(run.dataFolder, 'cloud')
    const [remembered] = await cloud<{ count: number }[]>`
      select count(*)::int from pgboss.job where name like 'tasks.%' and state = 'completed'`
    expect(remembered?.count).toBeGreaterThan(100)
    expect(await failedDeliveries(cloud)).toEqual([])
    await cloud.end()
  })

  test('stored objects are whole, those of the documents, and no more', async () => {
    const adapt = await openAsOwner(run.dataFolder, 'adapt')
    const documents = await adapt<{ object_key: string; file_name: string }[]>`
      select object_key, file_name from documents where status <> 'awaiting_upload'`
    await adapt.end()
    const sha256 = new Map(files.map((file) => [file.name, file.sha256]))
    expect(await readObjects(run.dataFolder, 'uploads')).toEqual(
      new Map(documents.map((document) => [document.object_key, sha256.get(document.file_name)])),
    )
    expect(await readdir(join(run.dataFolder, 'objects', 'partial'))).toEqual([])
  })

  test('one product runs on the data, and a stop leaves no process and no litter', async () => {
    const commands = (await processesOf(run.dataFolder)).map(({ command }) => command)
    expect(commands.filter((command) => command.includes('scripts/start.ts'))).toHaveLength(1)
    expect(commands.filter((command) => command.includes('/postgres -D'))).toHaveLength(1)
    run.product.signalGroup('SIGINT')
    expect(await awaitNoProcesses(run.dataFolder, 5000)).toEqual([])
    expect(await run.product.ended).toEqual({ code: 0, signal: null })
    expect((await readdir(run.dataFolder)).sort()).toEqual(
      ['keys', 'lock', 'objects', 'postgres', 'postgres-access.json', 'postgres.log'].sort(),
    )
  })
})

async function processUndisturbed(dataFolder: string, files: readonly ReportFile[]): Promise<Outcome> {
  const product = startProductProcess({ dataFolder })
  const client = new PatientClient(await product.ready(), AbortSignal.timeout(patienceMilliseconds))
  await client.signIn()
  await uploadAll(client, files, new Map())
  const adapt = await openAsOwner(dataFolder, 'adapt')
  await untilAtRest(dataFolder)
  const outcome = await readOutcome(adapt)
  await adapt.end()
  product.signalGroup('SIGINT')
  await product.ended
  return outcome
}

/** Uploads the files in waves, and strikes when a random share of the work at hand is done. */
async function processUnderFire(dataFolder: string, files: readonly ReportFile[], random: Random): Promise<Run> {
  const port = await findFreePort()
  const start = () => startProductProcess({ dataFolder, port })
  let product = start()
  const url = await product.ready()
  const client = new PatientClient(url, AbortSignal.timeout(2 * patienceMilliseconds))
  await client.signIn()
  const documents = new Map<string, Document>()
  const kills: Run['kills'] = []
  const waves = inWaves(random.shuffle(files), blows.length)
  const uploads: Promise<void>[] = []
  for (const [at, blow] of random.shuffle(blows).entries()) {
    uploads.push(uploadAll(client, waves[at]!, documents))
    await untilProgress(dataFolder, waves[at]!.length, random.next() * 0.6)
    await sleep(random.integer(0, 50))
    kills.push({ blow, at: new Date() })
    await strike(blow, product, dataFolder)
    if (blow === 'starting') {
      const hurried = start()
      await sleep(random.integer(100, 1500))
      kill(hurried.pid)
      await hurried.ended
    }
    product = start()
    await product.ready()
  }
  await Promise.all(uploads)
  await untilAtRest(dataFolder)
  return { dataFolder, port, product, client, documents, kills }
}

async function strike(blow: Blow, product: ProductProcess, dataFolder: string): Promise<void> {
  const postmaster = readPostmaster(join(dataFolder, 'postgres'))?.pid
  if (!postmaster) throw new Error(`no database runs:\n${product.output}`)
  if (blow !== 'postmaster') kill(product.pid)
  if (blow === 'postmaster' || blow === 'both') kill(postmaster)
  const ending = await product.ended
  // Without its database the product has nothing to serve, and says so.
  if (blow === 'postmaster') {
    expect(ending).toEqual({ code: 1, signal: null })
    expect(product.output).toContain('PostgreSQL has ended')
  }
}

async function uploadAll(
  client: PatientClient,
  files: readonly ReportFile[],
  documents: Map<string, Document>,
): Promise<void> {
  const waiting = files.values()
  const work = async () => {
    for (const file of waiting) documents.set(file.name, await client.upload(file))
  }
  await Promise.all(Array.from({ length: parallelUploads }, work))
}

function inWaves<Item>(items: readonly Item[], count: number): Item[][] {
  return Array.from({ length: count }, (_, wave) => items.filter((_item, at) => at % count === wave))
}

/** Each step of a document's way is an event of its job, so that this many mark its end. */
const eventsPerDocument = 7

/** Waits until a share of the work that is under way, or about to be, is done. */
async function untilProgress(dataFolder: string, newDocuments: number, share: number): Promise<void> {
  const adapt = await openAsOwner(dataFolder, 'adapt')
  const look = async () => {
    const [row] = await adapt<{ open: number; events: number }[]>`
      select (select count(*)::int from jobs where status in ('queued', 'running')) as open,
        (select count(*)::int from job_events) as events`
    return row!
  }
  const before = await look()
  const wanted = before.events + share * eventsPerDocument * (before.open + newDocuments)
  const deadline = Date.now() + 5000
  while ((await look()).events < wanted && Date.now() < deadline) await sleep(15)
  await adapt.end()
}

/** Waits until nothing is under way any more. */
async function untilAtRest(dataFolder: string): Promise<void> {
  const adapt = await openAsOwner(dataFolder, 'adapt')
  const cloud = await openAsOwner(dataFolder, 'cloud')
  const deadline = Date.now() + patienceMilliseconds
  for (;;) {
    const [left] = await adapt<{ jobs: number; messages: number }[]>`
      select (select count(*)::int from jobs where status in ('queued', 'running')) as jobs,
        (select count(*)::int from outbox) as messages`
    const deliveries = await unsettledDeliveries(cloud)
    if (left?.jobs === 0 && left.messages === 0 && deliveries.length === 0) break
    if (Date.now() > deadline) throw new Error(`not at rest: ${JSON.stringify({ ...left, deliveries })}`)
    await sleep(100)
  }
  await adapt.end()
  await cloud.end()
}
