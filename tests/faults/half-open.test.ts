import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, openDatabase, system } from '#shared/platform/database/index.ts'
import { UsageLog } from '#shared/runtime/usage.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { SilentProxy } from '../fakes/silent-proxy.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { call } from '../setup/product.ts'
import { Random } from './random.ts'
import { openStage, type Stage, signUp } from './stage.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))
const timeoutSeconds = 2
/** Longer than it takes a busy machine. */
const connectSeconds = 10
const poolSize = 3
/**
 * No answer takes longer: waiting for a connection and for the server, twice, since a claim is given up as well; the rest is
 * for a busy machine.
 */
const patienceMilliseconds = 60_000
const applicationName = 'half-open'
vi.setConfig({ testTimeout: 3 * patienceMilliseconds })

let stage: Stage
let proxy: SilentProxy
let database: Database
let usage: UsageLog
let instance: Instance
let token: string
const log = new RecordingLogger()

beforeAll(async () => {
  console.log(`ADAPT_FAULT_SEED=${seed}`)
  stage = await openStage()
  const { product, carrier } = stage
  proxy = await SilentProxy.start(product.database.appUrl)
  database = openDatabase({
    url: proxy.through(product.database.appUrl),
    poolSize,
    connectTimeoutSeconds: connectSeconds,
    statementTimeoutSeconds: timeoutSeconds,
    applicationName,
  })
  usage = new UsageLog({ database, log })
  const { bus, queue } = carrier
  instance = await startInstance({ ...product.services, database, usage, log, bus, queue }, product.functions)
  token = await signUp(stage)
})
afterAll(async () => {
  await instance?.stop()
  await proxy?.stop()
  await usage?.close()
  await database?.close()
  await stage?.close()
})

async function timed<Result>(work: Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  const result = await work
  expect(performance.now() - startedAt).toBeLessThan(patienceMilliseconds)
  return result
}

const ask = (method: string, path: string, body?: unknown) => {
  const requestId = newId()
  const options = { token, headers: { 'x-request-id': requestId }, ...(body === undefined ? {} : { body }) }
  return timed(call(instance.url, method, path, options)).then((answer) => ({ ...answer, requestId }))
}

/** All connections work again, and all that had been waiting for something is over. */
async function expectRecovered(): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 2 * poolSize }, () => ask('GET', '/v1/projects')))
  expect(answers.map(({ status }) => status)).toEqual(Array(2 * poolSize).fill(200))
  const inTransactions = () =>
    stage.owner`select state, query from pg_stat_activity where application_name = ${applicationName} and state like '%in transaction%'`
  await expect.poll(inTransactions, { timeout: patienceMilliseconds }).toEqual([])
}

for (const roundSeed of [seed, seed + 1]) {
  test(`requests and deliveries whose connections go silent end in time, wholly done or not at all (seed ${roundSeed})`, async () => {
    const random = new Random(roundSeed)
    const { owner, carrier } = stage
    const made: { status: number; requestId: string; name: string }[] = []
    for (let at = 0; at < 4; at++) {
      const { status } = await ask('POST', '/v1/exports', { format: 'csv', filter: {} })
      expect(status).toBe(202)
    }
    const tasks = carrier.take('exports-build')
    expect(tasks).toHaveLength(4)

    const creations = Array.from({ length: 12 }, async () => {
      const name = newId()
      await sleep(random.integer(0, 40))
      const { status, requestId } = await ask('POST', '/v1/projects', { name })
      made.push({ status, requestId, name })
    })
    const readings = Array.from({ length: 8 }, async () => {
      await sleep(random.integer(0, 40))
      return (await ask('GET', '/v1/projects')).status
    })
    const deliveries = tasks.map(async (task) => {
      await sleep(random.integer(0, 40))
      return timed(carrier.deliver(instance.url, task))
    })
    await sleep(random.integer(0, 40))
    proxy.silence()
    await Promise.all(creations)
    const statuses = [...made.map(({ status }) => status), ...(await Promise.all(readings))]
    const outcomes = await Promise.all(deliveries)

    expect(statuses.filter((status) => ![200, 201, 503].includes(status))).toEqual([])
    expect(outcomes.filter((outcome) => !['done', '503'].includes(outcome))).toEqual([])
    await expectRecovered()
    for (const { status, requestId, name } of made) {
      const projects = await owner`select 1 from projects where name = ${name}`
      const entries = await owner`select 1 from audit_logs where request_id = ${requestId}`
      expect(entries.length, name).toBe(projects.length)
      if (status === 201) expect(projects.length, name).toBe(1)
    }
    // Their sender delivers what failed again, until it is done; what was done all the same is not done twice.
    for (const [at, task] of tasks.entries()) {
      const again = await carrier.deliver(instance.url, { ...task, attempt: 2 })
      expect(outcomes[at] === 'done' ? ['duplicate'] : ['done', 'duplicate']).toContain(again)
      const job = JSON.parse(task.body).payload.job_id
      const ends = await owner`select 1 from job_events where job_id = ${job} and type = 'succeeded'`
      expect(ends.length).toBe(1)
    }
    expect(await owner`select 1 from dead_letters`).toHaveLength(0)
  })
}

test('each request that meets a silent server fails as unavailable, and the next ones don’t meet another', async () => {
  // As many connections as there may be.
  await Promise.all(
    Array.from({ length: poolSize }, () => database.transaction(system, (sql) => sql`select pg_sleep(0.05)`)),
  )
  expect(proxy.connections).toBeGreaterThanOrEqual(poolSize)
  proxy.silence()
  const { status, body } = await ask('POST', '/v1/projects', { name: newId() })
  expect({ status, code: body.error.code }).toEqual({ status: 503, code: 'UNAVAILABLE' })
  await expectRecovered()
})

/** Runs a test on a pool and a proxy of its own. */
async function withPool(
  connectTimeoutSeconds: number,
  work: (database: Database, proxy: SilentProxy) => Promise<void>,
): Promise<void> {
  const { appUrl } = stage.product.database
  const way = await SilentProxy.start(appUrl)
  const own = openDatabase({
    url: way.through(appUrl),
    poolSize: 1,
    connectTimeoutSeconds,
    statementTimeoutSeconds: timeoutSeconds,
    applicationName: 'half-open alone',
  })
  try {
    await work(own, way)
  } finally {
    await way.stop()
    await own.close()
  }
}

describe.concurrent('a database', () => {
  test('that accepts connections and never says a word costs no more than the time to connect', () =>
    withPool(1, async (own, way) => {
      way.isSilent = true
      const read = () => own.transaction(nobody, (sql) => sql`select`, { readOnly: true })
      for (const outcome of await timed(Promise.allSettled([read(), read(), read()]))) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: /^(CONNECTION_LOST|UNAVAILABLE)$/ } })
      }
      way.isSilent = false
      const isBack = () =>
        read().then(
          () => true,
          () => false,
        )
      await expect.poll(isBack, { timeout: patienceMilliseconds }).toBe(true)
    }))

  test('that goes silent hears nothing outside of the transaction that it was silent in', () =>
    withPool(connectSeconds, async (own, way) => {
      const insert = (sql: Sql, id: string) =>
        sql`insert into users (id, auth_sub, email) values (${id}, ${id}, 'a@example.org')`
      const exists = async (id: string) => (await stage.owner`select 1 from users where id = ${id}`).length === 1
      const [first, swallowed, pending, late, other] = [newId(), newId(), newId(), newId(), newId()]
      let made: ReturnType<typeof insert> | undefined
      const lost = own.transaction(system, async (sql) => {
        await insert(sql, first)
        made = insert(sql, pending)
        way.silence()
        await insert(sql, swallowed).catch(() => {})
        // Whoever does not notice goes on.
        await insert(sql, late)
      })
      await expect(timed(lost)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      const next = own.transaction(system, async (sql) => {
        await insert(sql, other)
        await expect(Promise.resolve(made)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      })
      await next
      expect(await Promise.all([first, swallowed, pending, late, other].map(exists))).toEqual([
        ...[false, false, false, false],
        true,
      ])
    }))

  test('that works for long, and is silent meanwhile, is waited for', () =>
    withPool(connectSeconds, async (own) => {
      const [row] = await own.transaction(system, async (sql) => {
        // Together longer than silence may last.
        for (let turn = 0; turn < 3; turn++) await sql`select pg_sleep(${timeoutSeconds * 0.7})`
        return sql<{ answer: number }[]>`select 1 as answer`
      })
      expect(row).toEqual({ answer: 1 })
    }))
})
