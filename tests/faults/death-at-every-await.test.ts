import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { startInstance } from '../setup/instance.ts'
import { call } from '../setup/product.ts'
import type { Carried } from './carrier.ts'
import { findViolations, readObjects, readOutcome } from './invariants.ts'
import { Mortal } from './mortal.ts'
import { Random } from './random.ts'
import { openStage, type Stage, signUp, uploadAll } from './stage.ts'

/** Repeat with another by ADAPT_FAULT_SEED=…; what follows a death still depends on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
/** Deliveries that wait in one process when it is killed, each at another step; each holds a connection. */
const deathsPerProcess = 10
const noStop = 1_000_000

let calm: Stage
let deadly: Stage
let calmToken: string
let token: string
const random = new Random(seed)

beforeAll(async () => {
  ;[calm, deadly] = await Promise.all([openStage(), openStage()])
  ;[calmToken, token] = await Promise.all([signUp(calm), signUp(deadly)])
  // Its own sweeper would come in between; here each sweep is one of the test.
  await deadly.product.cloud.stop()
})
afterAll(async () => {
  await Promise.all([calm?.close(), deadly?.close()])
})

let made = 0
/** Small reports that have nothing in common: those who wait together hold no locks that the others want. */
function makeReports(count: number) {
  return Array.from({ length: count }, () => {
    const content = `It used c2-${made}.own-${random.hex(8)}[.]top and 185.${made % 200}.${made}.7.\n`
    return { name: `report-${made++}.txt`, contentType: 'text/plain', bytes: Buffer.from(content) }
  })
}

/** The same documents in both products: processed in the calm one, and as far as to this function in the deadly one. */
async function processUntil(target: string, count: number): Promise<Carried[]> {
  const reports = makeReports(count)
  await uploadAll(calm, calmToken, reports)
  await calm.carrier.drain(calm.instance.url, { random, copies: 1 })
  await uploadAll(deadly, token, reports)
  await deadly.carrier.drain(deadly.instance.url, { random, copies: 1, except: (message) => message.target === target })
  return deadly.carrier.take(target)
}

const newProcess = (target: string) => new Mortal(deadly.product, deadly.carrier, target)

/** The awaits of one undisturbed delivery, by name. */
async function rehearse(message: Carried): Promise<string[]> {
  const mortal = newProcess(message.target)
  const fate = await mortal.deliver(message, noStop)
  await mortal.kill()
  if (!('steps' in fate)) throw new Error(`it stopped ${fate.at}`)
  return fate.steps
}

let sweeps = 0
const nextSweep = (): Carried => ({
  id: newId(),
  kind: 'schedule',
  target: 'operations-sweep-outbox',
  body: new Date(Date.UTC(2030, 0, 1, 0, sweeps++)).toISOString(),
  attributes: {},
  later: false,
  attempt: 1,
})

/** As if a minute had passed for what the dead left in the outbox. */
const age = () => deadly.owner`update outbox set created_at = created_at - interval '1 minute'`

/** What happens after a death: the senders deliver again, and the sweeper sends what was left. */
async function recover(killed: readonly Carried[]): Promise<void> {
  const again = killed.map((message) => ({ ...message, attempt: message.attempt + 1 }))
  await age()
  deadly.carrier.waiting.push(...again, nextSweep())
  await deadly.carrier.drain(deadly.instance.url, { random, copies: 2 })
}

/** Has one delivery for each step stopped there, and kills the processes in which they wait. */
async function dieAtEach(steps: readonly string[], messages: readonly Carried[]): Promise<void> {
  expect(messages).toHaveLength(steps.length)
  const deaths = messages.map((message, at) => ({ message, stopAt: at + 1, name: steps[at] }))
  while (deaths.length > 0) {
    const batch = deaths.splice(0, deathsPerProcess)
    const mortal = newProcess(batch[0]!.message.target)
    const fates = await Promise.all(batch.map(({ message, stopAt }) => mortal.deliver(message, stopAt)))
    expect(fates).toEqual(batch.map(({ name }) => ({ at: name })))
    await mortal.kill()
    await recover(batch.map(({ message }) => message))
  }
}

async function expectUndisturbed(): Promise<void> {
  expect(await findViolations(deadly.owner)).toEqual({})
  expect(await readOutcome(deadly.owner)).toEqual(await readOutcome(calm.owner))
}

describe(`a process that is killed at every await (seed ${seed})`, () => {
  test.each([
    ['documents-extract-text', ['read object', 'read document', 'commit', 'commit, done', 'enqueue', 'enqueue, done']],
    ['documents-index', ['statement', 'commit', 'commit, done', 'publish', 'publish, done']],
    ['notifications-document-finished', ['begin', 'statement', 'commit', 'commit, done']],
  ])(
    'of %s leaves what an undisturbed one does',
    async (target, among) => {
      const steps = await rehearse((await processUntil(target, 1))[0]!)
      await deadly.carrier.drain(deadly.instance.url, { random, copies: 1 })
      expect(steps).toEqual(expect.arrayContaining(among))
      expect(steps.length).toBeGreaterThan(5)
      await dieAtEach(steps, await processUntil(target, steps.length))
      await expectUndisturbed()
    },
    120_000,
  )

  test('of a task that writes an object leaves the whole object, once, and its job ended', async () => {
    const target = 'exports-build'
    const order = async (count: number): Promise<Carried[]> => {
      for (let at = 0; at < count; at++) {
        const body = { format: 'csv', filter: {} }
        expect((await call(deadly.instance.url, 'POST', '/v1/exports', { token, body })).status).toBe(202)
      }
      return deadly.carrier.take(target)
    }
    const steps = await rehearse((await order(1))[0]!)
    expect(steps).toEqual(expect.arrayContaining(['write object', 'chunk', 'write object, done', 'commit, done']))
    await dieAtEach(steps, await order(steps.length))

    const rows = await deadly.owner`select object_key, status from exports order by object_key`
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['ready']))
    const files = await readObjects(deadly.product.dataFolder, 'exports')
    expect([...files.keys()].sort()).toEqual(rows.map(({ object_key }) => object_key))
    expect(new Set(files.values()).size).toBe(1)
    expect(await findViolations(deadly.owner)).toEqual({})
  }, 240_000)

  test('of the sweeper sends each message of the outbox all the same, and none has two effects', async () => {
    const silent = await startInstance({ ...deadly.product.services, bus: null, queue: null }, deadly.product.functions)
    const index = 'documents-index'
    /** A task and an event that their senders left in the outbox when they died. */
    const leave = async () => {
      const [message] = await processUntil(index, 1)
      expect(await deadly.carrier.deliver(silent.url, message!)).toBe('done')
      const reports = makeReports(1)
      await uploadAll(calm, calmToken, reports)
      await calm.carrier.drain(calm.instance.url, { random, copies: 1 })
      await uploadAll({ ...deadly, instance: silent }, token, reports)
      await age()
    }
    await leave()
    const steps = await rehearse(nextSweep())
    await deadly.carrier.drain(deadly.instance.url, { random, copies: 1 })
    expect(steps).toEqual(expect.arrayContaining(['publish', 'publish, done', 'enqueue', 'enqueue, done', 'commit']))
    for (const [at, name] of steps.entries()) {
      await leave()
      const sweep = nextSweep()
      const mortal = newProcess(sweep.target)
      expect(await mortal.deliver(sweep, at + 1)).toEqual({ at: name })
      await mortal.kill()
      await recover([sweep])
    }
    await silent.stop()
    await expectUndisturbed()
  }, 240_000)
})
