import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Envelope, taskType } from '#shared/domain/messaging.ts'
import { defineCron, defineTask, type RunCron, type RunJob } from '#shared/runtime/declarations.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { objectsOf, rowsOf } from '../setup/full-tenant.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { type Answer, call } from '../setup/product.ts'
import type { Carried } from './carrier.ts'
import { findViolations, type Outcome, readObjects, readOutcome } from './invariants.ts'
import { fates, type LyingServices, lyingServices } from './lying-services.ts'
import { Random } from './random.ts'
import { makeReportFiles, type ReportFile } from './reports.ts'
import { openStage, type Stage, signUp, uploadAll } from './stage.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))
/** Of so many calls to the same, each fate befalls one. */
const callsForAllFates = 12
/** From here on everything works: what is given up is then given up for its own sake. */
const honestAttempt = 4
const exportsAsked = callsForAllFates
/** For a machine that is ten times slower than an idle one. */
const patienceMilliseconds = 240_000

const poison = taskType('default', 'test-poison', v.object({}))
const poisonTask = {
  name: 'test-poison',
  folder: 'test/poison',
  declaration: defineTask({
    task: poison,
    summary: 'Fails whatever happens',
    handler: async () => ({
      run: (async () => {
        throw new Error('poison')
      }) satisfies RunJob<never>,
    }),
  }),
}
const countingCron = {
  name: 'test-count',
  folder: 'test/count',
  declaration: defineCron({
    cron: '* * * * *',
    timeZone: 'Etc/UTC',
    summary: 'Counts its runs',
    handler: async () => ({
      run: (async ({ sql }, { scheduledAt }) => {
        await sql`insert into runs values (${scheduledAt})`
      }) satisfies RunCron,
    }),
  }),
}
const ownFunctions: DiscoveredFunction[] = [poisonTask, countingCron]

let calm: Stage
let deceived: Stage
let lying: LyingServices
let liar: Instance
const random = new Random(seed)

beforeAll(async () => {
  console.log(`ADAPT_FAULT_SEED=${seed}`)
  ;[calm, deceived] = await Promise.all([openStage(), openStage()])
  const { product, carrier } = deceived
  // Its own sweeper would come in between; here each sweep is one of the test.
  await product.cloud.stop()
  const { bus, queue } = carrier
  lying = lyingServices({ ...product.services, bus, queue }, random, callsForAllFates)
  const functions = [...product.functions, ...ownFunctions]
  liar = await startInstance(lying, functions)
  const honest = await startInstance({ ...product.services, bus, queue }, functions)
  const { stop } = deceived.instance
  deceived.instance = { ...honest, stop: async () => void (await Promise.all([stop(), honest.stop()])) }
  carrier.attemptsTold = Number.POSITIVE_INFINITY
  const deliver = carrier.deliver.bind(carrier)
  carrier.deliver = (url, message, headers) =>
    deliver(message.attempt < honestAttempt ? url : deceived.instance.url, message, headers)
  await deceived.owner`create table runs (scheduled_at timestamptz not null)`
  await deceived.owner`grant insert on runs to adapt_app`
})
afterAll(async () => {
  await liar?.stop()
  await Promise.all([calm?.close(), deceived?.close()])
})

/** Asks until it is answered, with one Idempotency-Key; after some attempts everything works. */
async function insist(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { 'idempotency-key': newId() }
  const until = Date.now() + patienceMilliseconds
  for (let attempt = 1; Date.now() < until; attempt++) {
    const url = attempt < 2 * honestAttempt ? liar.url : deceived.instance.url
    const answer = await call(url, method, path, { token, headers, ...(body === undefined ? {} : { body }) })
    const isUnderWay = answer.status === 409 && answer.body.error.message === 'The same request is being executed'
    if (answer.status !== 503 && !isUnderWay) return answer
    await sleep(20)
  }
  throw new Error(`${method} ${path} is never answered`)
}

async function uploadWhileDeceived(token: string, file: ReportFile): Promise<void> {
  const draft = { file_name: file.name, content_type: file.contentType, size_bytes: file.bytes.length }
  const announced = await insist(token, 'POST', '/v1/documents', draft)
  expect(announced.status, JSON.stringify(announced.body)).toBe(201)
  const { document, upload } = announced.body
  const put = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: Buffer.from(file.bytes) })
  expect(put.ok).toBe(true)
  const completed = await insist(token, 'POST', `/v1/documents/${document.id}/complete`)
  // An earlier try was done, and its answer lost.
  expect([202, 409], JSON.stringify(completed.body)).toContain(completed.status)
  const { body } = await insist(token, 'GET', `/v1/documents/${document.id}`)
  expect(body.status).not.toBe('awaiting_upload')
}

/** A sweep, some of whose schedule times come twice; time has passed for what waits. */
async function sweep(): Promise<void> {
  const { owner, carrier } = deceived
  await owner`update outbox set created_at = created_at - interval '1 minute'`
  const at = new Date().toISOString()
  const target = 'operations-sweep-outbox'
  const occurrence: Carried = { id: at, kind: 'schedule', target, body: at, attributes: {}, later: false, attempt: 1 }
  for (let attempt = 1; ; attempt++) {
    const copies = Array.from({ length: random.integer(1, 2) }, () =>
      carrier.deliver(liar.url, { ...occurrence, attempt }),
    )
    if ((await Promise.all(copies)).some((outcome) => !/^\d+$/.test(outcome))) return
  }
}

const outboxLength = async () => (await deceived.owner`select 1 from outbox`).length

/** Delivers and sweeps until nothing is left anywhere. */
async function drainWhileDeceived(): Promise<void> {
  const { carrier } = deceived
  const until = Date.now() + patienceMilliseconds
  do {
    expect(Date.now()).toBeLessThan(until)
    let isDrained = false
    const draining = carrier.drain(liar.url, { random, copies: 2 }).finally(() => {
      isDrained = true
    })
    while (!isDrained) {
      await sweep()
      await sleep(20)
    }
    await draining
  } while (carrier.waiting.length > 0 || (await outboxLength()) > 0)
}

function put(target: string, body: string): string {
  const id = newId()
  deceived.carrier.waiting.push({ id, kind: 'task', target, body, attributes: {}, later: false, attempt: 1 })
  return id
}

function envelope(orgId: string, eventType: string, payload: unknown): string {
  const id = newId()
  const rest = { workspace_id: null, actor_id: null, correlation_id: 'test', traceparent: null }
  const timestamp = new Date().toISOString()
  const message: Envelope = { id, event_type: eventType, org_id: orgId, ...rest, payload, timestamp }
  return JSON.stringify(message)
}

/** Two files of every kind, the broken and the twins among them, and more of the shortest. */
function chooseFiles(): ReportFile[] {
  const taken = new Map<string, number>()
  return makeReportFiles(random).filter(({ name }) => {
    const kind = name.replace(/-.*/, '')
    taken.set(kind, (taken.get(kind) ?? 0) + 1)
    return taken.get(kind)! <= (kind === 'short' ? 9 : 2)
  })
}

describe(`services that fail before, fail after all is done, or hang (seed ${seed})`, () => {
  let undisturbed: Outcome
  let token: string
  let files: ReportFile[]
  const poisoned = new Set<string>()

  test('change nothing of what becomes of documents, exports and schedules; only poison is given up', async () => {
    files = chooseFiles()
    await uploadAll(calm, await signUp(calm), files)
    await calm.carrier.drain(calm.instance.url, { random, copies: 1 })
    undisturbed = await readOutcome(calm.owner)
    expect(undisturbed.indicators.length).toBeGreaterThan(50)

    token = await signUp(deceived)
    const [organization] = await deceived.owner<{ id: string }[]>`select id from organizations`
    poisoned.add(put('documents-scan', 'no envelope'))
    for (const body of [
      envelope(organization!.id, 'documents-scan', { document_id: 'none' }),
      envelope(organization!.id, 'test-poison', {}),
    ]) {
      put(JSON.parse(body).event_type, body)
      poisoned.add(JSON.parse(body).id)
    }
    const waiting = files.values()
    const client = async () => {
      for (const file of waiting) await uploadWhileDeceived(token, file)
    }
    const asked = Array.from({ length: exportsAsked }, async () => {
      const answer = await insist(token, 'POST', '/v1/exports', { format: 'csv', filter: {} })
      expect(answer.status, JSON.stringify(answer.body)).toBe(202)
      return answer.body.id as string
    })
    const schedules = Array.from({ length: 10 }, (_, minute) => new Date(Date.UTC(2026, 0, 1, 0, minute)))
    for (const at of schedules) {
      const body = at.toISOString()
      deceived.carrier.waiting.push({
        ...{ id: body, kind: 'schedule', target: 'test-count', body, attributes: {}, later: false, attempt: 1 },
      })
    }
    await Promise.all([client(), client(), client(), ...asked, drainWhileDeceived()])
    await drainWhileDeceived()

    expect(await readOutcome(deceived.owner)).toEqual(undisturbed)
    const { 'a dead letter': _, ...violations } = await findViolations(deceived.owner)
    expect(violations).toEqual({})
    const letters = await deceived.owner<{ message_id: string }[]>`select message_id from dead_letters`
    expect(letters.map(({ message_id }) => message_id).sort()).toEqual([...poisoned].sort())
    const runs = await deceived.owner<{ scheduled_at: Date }[]>`select scheduled_at from runs order by scheduled_at`
    expect(runs.map(({ scheduled_at }) => scheduled_at)).toEqual(schedules)

    const exported = await deceived.owner<{ id: string; object_key: string; size_bytes: bigint }[]>`
      select e.id, object_key, size_bytes from exports e join jobs j on j.id = e.job_id where j.status = 'succeeded'`
    expect(exported.map(({ id }) => id).sort()).toEqual((await Promise.all(asked)).sort())
    const stored = await readObjects(deceived.product.dataFolder, 'exports')
    expect([...stored.keys()].sort()).toEqual(exported.map(({ object_key }) => object_key).sort())
  }, 300_000)

  test('leave nothing of an organization that is deleted', async () => {
    const { owner, product } = deceived
    const [{ id, name }] = await owner<[{ id: string; name: string }]>`select id, name from organizations`
    const answer = await insist(token, 'DELETE', `/v1/organizations/${id}?confirm=${name}`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    await drainWhileDeceived()
    expect(await rowsOf(owner, id)).toEqual({})
    expect(await objectsOf(product.dataFolder, id)).toEqual([])
  }, 300_000)

  test('were met by every part of it, in every way', () => {
    const met = [...lying.met.keys()]
    console.log(JSON.stringify(Object.fromEntries(lying.met)))
    for (const port of ['database.transaction', 'bus.publish', 'queue.enqueue', 'objects.read', 'objects.write']) {
      expect(met.filter((call) => call.startsWith(port)).sort(), port).toEqual(
        fates.map((fate) => `${port} ${fate}`).sort(),
      )
    }
    for (const port of ['state.', 'objects.remove', 'objects.sign']) {
      expect(
        met.some((call) => call.startsWith(port)),
        port,
      ).toBe(true)
    }
  })
})
