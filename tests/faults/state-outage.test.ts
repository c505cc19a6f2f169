import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { createLocalState, type LocalState } from '#shared/platform/state/local.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

const perMinute = 60
/** A request waits a quarter of a second for the state store at most; the rest is for a busy machine. */
const patienceMilliseconds = 2_000

let product: TestProduct
let stateDatabase: Awaited<ReturnType<typeof createTestDatabase>>
let state: LocalState
let keeper: postgres.Sql
let log: RecordingLogger
let instances: Instance[]

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  stateDatabase = await createTestDatabase(inject('clusterUrl'))
  state = await createLocalState({ databaseUrl: stateDatabase.url })
  keeper = postgres(stateDatabase.url, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await keeper.end()
  await state.close()
  await stateDatabase.drop()
  await product.stop()
})
beforeEach(async () => {
  log = new RecordingLogger()
  const { services, functions } = product
  const config = { ...services.config, RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute }
  instances = await Promise.all([0, 1].map(() => startInstance({ ...services, state, log, config }, functions)))
})
afterEach(async () => {
  for (const instance of instances) await instance.stop()
})

async function newCaller(): Promise<string> {
  const token = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token, body: { name: newId() } })
  return token
}

/** What becomes of so many requests to one instance, some at a time. */
async function flood(instance: number, token: string, requests: number) {
  const statuses: Record<number, number> = {}
  let slowest = 0
  for (let at = 0; at < requests; at += 10) {
    const batch = Array.from({ length: 10 }, async () => {
      const startedAt = performance.now()
      const { status } = await call(instances[instance]!.url, 'GET', '/v1/projects', { token })
      slowest = Math.max(slowest, performance.now() - startedAt)
      statuses[status] = (statuses[status] ?? 0) + 1
    })
    await Promise.all(batch)
  }
  return { statuses, slowest }
}

const warnings = () =>
  log.lines.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message)

/** The ways in which it breaks, and how each is mended. */
const troubles: Record<string, () => Promise<() => Promise<unknown>>> = {
  async 'fails every call'() {
    await keeper`alter table state.entries rename to gone`
    return () => keeper`alter table state.gone rename to entries`
  },
  async 'never answers'() {
    const locker = postgres(stateDatabase.url, { max: 1, onnotice: () => {} })
    await locker.unsafe('begin; lock table state.entries in access exclusive mode')
    return () => locker.end()
  },
  async 'can’t be reached'() {
    const name = new URL(stateDatabase.url).pathname.slice(1)
    const elsewhere = postgres(inject('clusterUrl'), { max: 1, onnotice: () => {} })
    await elsewhere.unsafe(`alter database "${name}" allow_connections false`)
    await elsewhere`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
    return async () => {
      await elsewhere.unsafe(`alter database "${name}" allow_connections true`)
      await elsewhere.end()
    }
  },
}

describe('a state store', () => {
  test.each(Object.entries(troubles))(
    'that %s when a caller first comes: nobody fails or waits, and each instance holds the limit by itself',
    async (_, breakIt) => {
      const token = await newCaller()
      const mend = await breakIt()
      for (const instance of [0, 1]) {
        const startedAt = performance.now()
        const { statuses, slowest } = await flood(instance, token, 100)
        const refilled = Math.ceil((performance.now() - startedAt) / 1000)
        expect(slowest).toBeLessThan(patienceMilliseconds)
        expect(Object.keys(statuses)).toEqual(['200', '429'])
        expect(statuses[200]).toBeGreaterThanOrEqual(perMinute)
        expect(statuses[200]).toBeLessThanOrEqual(perMinute + refilled)
      }
      await mend()
    },
  )

  test.each(Object.entries(troubles).slice(1))(
    'that %s when callers are under way: nobody fails or waits, it is said once, and shared limits come back',
    async (_, breakIt) => {
      const token = await newCaller()
      expect((await flood(0, token, 10)).statuses).toEqual({ 200: 10 })
      const mend = await breakIt()
      // Newcomers ask for a lease each; they notice, and probe, until it is an incident.
      await expect
        .poll(
          async () => {
            const { statuses, slowest } = await flood(0, await newCaller(), 10)
            expect(slowest).toBeLessThan(patienceMilliseconds)
            expect(statuses).toEqual({ 200: 10 })
            return warnings().length
          },
          { timeout: 10_000, interval: 200 },
        )
        .toBeGreaterThan(0)
      expect((await flood(0, token, 10)).statuses).toEqual({ 200: 10 })
      await mend()
      await expect
        .poll(
          async () => {
            expect((await flood(0, await newCaller(), 10)).statuses).toEqual({ 200: 10 })
            return log.lines.filter(({ message }) => message === 'rate limits are shared again').length
          },
          { timeout: 15_000, interval: 200 },
        )
        .toBe(1)
      expect(warnings()).toEqual(['rate limits are counted per instance: the state store fails'])
      // What is taken at one instance is missing at the other again.
      const late = await newCaller()
      const [first, second] = [await flood(0, late, 100), await flood(1, late, 100)]
      expect((first.statuses[200] ?? 0) + (second.statuses[200] ?? 0)).toBeLessThan(2 * perMinute)
    },
  )
})
