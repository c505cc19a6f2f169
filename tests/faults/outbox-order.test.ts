import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { eventType } from '#shared/domain/messaging.ts'
import type { Bus, BusMessage } from '#shared/platform/bus/index.ts'
import { type Database, system } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { sweepOutbox } from '#shared/runtime/outbox.ts'
import type { Services } from '#shared/runtime/services.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { openUrlAsOwner } from './invariants.ts'
import { Random } from './random.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))
const orgId = newId()
vi.setConfig({ testTimeout: 120_000 })
const keys = ['a', 'b', 'c', 'd']
const counted = eventType('documents', 'test.counted', v.object({ key: v.string(), number: v.number() }))

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  console.log(`ADAPT_FAULT_SEED=${seed}`)
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(10)
  owner = openUrlAsOwner(clone.ownerUrl)
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
  await owner`create table counters (key text primary key, number integer not null default 0)`
  await owner`grant select, update on counters to adapt_app`
})
beforeEach(async () => {
  await owner`delete from outbox`
  await owner`delete from counters`
  await owner`insert into counters (key) select key from unnest(${keys}::text[]) as key`
})
afterAll(async () => {
  await owner.end()
  await database.close()
  await clone.drop()
})

interface Arrival {
  key: string
  number: number
}

/** A bus that takes its time, and fails in every way there is: before, in the middle, after, and before it goes on all the same. */
class LyingBus implements Bus {
  readonly arrived: Arrival[] = []
  readonly #late: Promise<void>[] = []
  isHonest = false
  isDown = false
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  async publish(messages: BusMessage[]): Promise<void> {
    const timedOut = () => new PlatformError('UNAVAILABLE', 'timed out')
    if (this.isDown) throw timedOut()
    if (this.isHonest) return this.#take(messages)
    const pause = this.#random.integer(0, 8)
    const fate = this.#random.pick(['well', 'well', 'before', 'part', 'after', 'late'] as const)
    const middle = this.#random.integer(0, messages.length)
    const takeAll = async () => {
      await sleep(pause)
      this.#take(messages.slice(0, middle))
      await sleep(pause)
      this.#take(messages.slice(middle))
    }
    if (fate === 'late') {
      this.#late.push(takeAll())
      throw timedOut()
    }
    if (fate === 'part') this.#take(messages.slice(0, middle))
    if (fate === 'well' || fate === 'after') await takeAll()
    if (fate !== 'well') throw timedOut()
  }

  /** What is on its way arrives. */
  async settle(): Promise<void> {
    await Promise.all(this.#late)
  }

  #take(messages: BusMessage[]): void {
    for (const { body, orderingKey } of messages) {
      const { payload } = JSON.parse(body)
      expect(orderingKey).toBe(payload.key)
      this.arrived.push(payload)
    }
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}
}

const servicesWith = (bus: Bus | null, log = silentLogger) =>
  ({
    database,
    bus,
    queue: bus && { enqueue: async () => {}, check: async () => {}, close: async () => {} },
    log,
    config: { SIGNING_SECRET: 'x'.repeat(32) },
  }) as unknown as Services

/** Counts up and tells so, in one transaction: whoever counts the same key at that time waits for it to end. */
function count(services: Services, key: string, fails: () => boolean = () => false): Promise<void> {
  const call = {
    functionName: 'test',
    resources: { publishes: [counted] },
    principal: null,
    scope: serviceScope(orgId, null),
    requestId: 'request',
    traceparent: null,
    now: new Date(),
    log: silentLogger,
    signal: new AbortController().signal,
    address: null,
  }
  return inTransaction(services, call, async ({ sql, publish }) => {
    const [counter] = await sql<{ number: number }[]>`
      update counters set number = number + 1 where key = ${key} returning number`
    await publish(counted, { key, number: counter!.number }, { orderingKey: key })
    if (fails()) throw new Error('the transaction fails')
  })
}

const sweep = (services: Services, olderThanSeconds: number) =>
  database.transaction(system, (sql) => sweepOutbox(sql, services, olderThanSeconds))
const waiting = async () => (await owner`select 1 from outbox`).length

/** The numbers of a key in the order in which each of them arrived first. */
const order = (arrived: readonly Arrival[], key: string) => [
  ...new Set(arrived.filter((arrival) => arrival.key === key).map(({ number }) => number)),
]

for (const [round, roundSeed] of [seed, seed + 1, seed + 2].entries()) {
  test(`what is told of one key arrives in the order of the commits, whoever sends it and whatever fails (${round}, seed ${roundSeed})`, async () => {
    const random = new Random(roundSeed)
    const bus = new LyingBus(random)
    const alive = servicesWith(bus)
    // Dies between its commit and sending.
    const dying = servicesWith(null)
    let isOver = false
    const sender = async () => {
      for (let turn = 0; turn < 25; turn++) {
        const fails = random.next() < 0.1
        await count(random.next() < 0.2 ? dying : alive, random.pick(keys), () => fails).catch((error: Error) => {
          expect(error.message).toBe('the transaction fails')
        })
        await sleep(random.integer(0, 3))
      }
    }
    const sweeper = async () => {
      while (!isOver) {
        // Some of what is there has become old enough for the sweeper, and younger ones of the key have not.
        await sweep(alive, random.pick([0, 0.01, 0.05]))
        await sleep(random.integer(0, 10))
      }
    }
    const sweepers = [sweeper(), sweeper()]
    await Promise.all(Array.from({ length: 6 }, sender))
    isOver = true
    await Promise.all(sweepers)
    await bus.settle()
    bus.isHonest = true
    while ((await waiting()) > 0) await sweep(alive, 0)

    const counters = await owner<Arrival[]>`select key, number from counters order by key`
    expect(counters.reduce((sum, { number }) => sum + number, 0)).toBeGreaterThan(100)
    for (const { key, number } of counters) {
      expect(order(bus.arrived, key), key).toEqual(Array.from({ length: number }, (_, at) => at + 1))
    }
  })
}

test('a later message does not overtake one that waits for the sweeper: both are sent at once', async () => {
  const bus = new LyingBus(new Random(seed))
  bus.isHonest = true
  await count(servicesWith(null), 'a')
  await count(servicesWith(bus), 'b')
  expect(bus.arrived).toEqual([{ key: 'b', number: 1 }])
  await count(servicesWith(bus), 'a')
  expect(order(bus.arrived, 'a')).toEqual([1, 2])
  expect(await waiting()).toBe(0)
})

test('a sweeper leaves alone what would overtake a message that another one is sending', async () => {
  const bus = new LyingBus(new Random(seed))
  bus.isHonest = true
  await count(servicesWith(null), 'a')
  await count(servicesWith(null), 'a')
  await count(servicesWith(null), 'b')
  await owner.begin(async (sql) => {
    await sql`select 1 from outbox where body -> 'payload' @> '{"key":"a","number":1}' for update`
    expect(await sweep(servicesWith(bus), 0)).toBe(1)
    expect(bus.arrived).toEqual([{ key: 'b', number: 1 }])
    // Nobody who sends now waits for that one either.
    await count(servicesWith(bus), 'a')
    expect(order(bus.arrived, 'a')).toEqual([1, 2, 3])
  })
  expect(await sweep(servicesWith(bus), 0)).toBe(1)
  expect(await waiting()).toBe(0)
  expect(order(bus.arrived, 'a')).toEqual([1, 2, 3])
})

test('when more of a key waits than goes along with one message, the sweeper sends all of it, in order', async () => {
  const bus = new LyingBus(new Random(seed))
  bus.isHonest = true
  await count(servicesWith(null), 'a')
  await owner`
    insert into outbox (id, org_id, kind, target, ordering_key, attributes, body, created_at)
    select gen_random_uuid(), org_id, kind, target, ordering_key, attributes,
      jsonb_set(body, '{payload,number}', to_jsonb(more)), created_at + more * interval '1 microsecond'
    from outbox, generate_series(2, 700) as more`
  await owner`update counters set number = 700 where key = 'a'`
  await sleep(5)
  await count(servicesWith(bus), 'a')
  expect(bus.arrived).toEqual([])
  expect(await sweep(servicesWith(bus), 0)).toBe(701)
  expect(order(bus.arrived, 'a')).toEqual(Array.from({ length: 701 }, (_, at) => at + 1))
})

test('each sweep says how much waits and for how long', async () => {
  const log = new RecordingLogger()
  const bus = new LyingBus(new Random(seed))
  bus.isDown = true
  const services = servicesWith(bus, log)
  await sweep(services, 0)
  await count(servicesWith(null), 'a')
  await count(servicesWith(null), 'b')
  await owner`update outbox set created_at = created_at - interval '90 seconds' where ordering_key = 'a'`
  await sweep(services, 30)
  bus.isHonest = true
  bus.isDown = false
  await sweep(services, 30)
  const lags = log.lines.filter(({ message }) => message === 'outbox lag').map(({ fields }) => fields)
  expect(lags).toEqual([
    { seconds: 0, count: 0, sent: 0, more: false },
    { seconds: expect.any(Number), count: 2, sent: 0, more: false },
    { seconds: expect.any(Number), count: 2, sent: 1, more: false },
  ])
  expect(lags[1]?.seconds).toBeGreaterThanOrEqual(90)
  expect(lags[1]?.seconds).toBeLessThan(150)
})

test('a sweep sends no more than 5,000 messages, and says when more are left', async () => {
  const log = new RecordingLogger()
  const bus = new LyingBus(new Random(seed))
  bus.isHonest = true
  await count(servicesWith(null), 'a')
  await owner`
    insert into outbox (id, org_id, kind, target, ordering_key, attributes, body)
    select gen_random_uuid(), org_id, kind, target, ordering_key, attributes, body
    from outbox, generate_series(1, 5000)`
  expect(await sweep(servicesWith(bus, log), 0)).toBe(5000)
  expect(await sweep(servicesWith(bus, log), 0)).toBe(1)
  expect(log.lines.map(({ fields }) => fields?.more)).toEqual([true, false])
})
