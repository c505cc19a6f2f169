import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { createTestDatabase } from '../database/test-cluster.ts'
import type { QueueTask } from '../queue/index.ts'
import { type EmbeddedCloud, startEmbeddedCloud } from './embedded.ts'
import { signTestToken, silentLog } from './embedded-test-cloud.ts'
import type { PushPlan } from './index.ts'
import { Receiver } from './test-receiver.ts'

const plan: PushPlan = {
  subscriptions: [
    {
      topic: 'documents',
      eventTypes: [],
      target: 'consumer',
      attempts: 3,
      minimumBackoffSeconds: 10,
      maximumBackoffSeconds: 600,
      ackDeadlineSeconds: 30,
    },
  ],
  queues: [
    {
      name: 'default',
      attempts: 3,
      minimumBackoffSeconds: 5,
      maximumBackoffSeconds: 300,
      concurrency: 8,
      ratePerSecond: 10_000,
      deadlineSeconds: 30,
    },
  ],
  schedules: [],
  deadLetterTarget: 'keep-dead-letters',
}

let receiver: Receiver
let database: { url: string; drop(): Promise<void> }
let clouds: EmbeddedCloud[]
let children: ChildProcess[]

beforeEach(async () => {
  receiver = await Receiver.start()
  database = await createTestDatabase(inject('clusterUrl'))
  clouds = []
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const cloud of clouds) await cloud.stop()
  await database.drop()
  await receiver.stop()
})

async function start(options: { plan?: PushPlan; stopGraceSeconds?: number } = {}): Promise<EmbeddedCloud> {
  const cloud = await startEmbeddedCloud({
    plan,
    databaseUrl: database.url,
    urlOf: receiver.urlOf,
    signToken: signTestToken,
    log: silentLog,
    backoffScale: 0.02,
    stopGraceSeconds: 0,
    ...options,
  })
  clouds.push(cloud)
  return cloud
}

/** A process of its own that runs the embedded cloud on the same database, to be killed. */
async function startChild(): Promise<ChildProcess> {
  const script = `
    const { startEmbeddedCloud } = await import(${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)})
    const base = ${JSON.stringify(receiver.urlOf(''))}
    await startEmbeddedCloud({
      plan: ${JSON.stringify(plan)},
      databaseUrl: ${JSON.stringify(database.url)},
      urlOf: (target) => base + target,
      signToken: async () => 'eyJhbGciOiJub25lIn0.e30.',
      log: { debug() {}, info() {}, warn() {}, error() {} },
    })
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await new Promise((done) => createInterface(child.stdout).once('line', done))
  return child
}

async function kill9(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function query<Row extends object>(text: string): Promise<Row[]> {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe<Row[]>(text)
  } finally {
    await sql.end()
  }
}

function task(body: unknown, id: string = randomUUID()): QueueTask {
  return { id, queue: 'default', target: 'worker', body: JSON.stringify(body) }
}

const event = (body: unknown) => ({
  id: randomUUID(),
  topic: 'documents',
  body: JSON.stringify(body),
  attributes: { event_type: 'document.stored' },
})

test('every push carries a token for exactly its function', async () => {
  const cloud = await start({
    plan: { ...plan, schedules: [{ target: 'sweep', cron: '* * * * * *', timeZone: 'Etc/UTC', attempts: 1 }] },
  })
  await cloud.bus.publish([event(1)])
  await cloud.queue.enqueue([task(1)])
  for (const target of ['consumer', 'worker', 'sweep']) {
    const [request] = await receiver.until(target, 1)
    const token = /^Bearer (.+)$/.exec(request?.headers.authorization ?? '')?.[1] ?? ''
    expect(decodeJwt(token).aud).toBe(receiver.urlOf(target))
  }
})

describe('after kill -9', () => {
  test('of the cloud, what was under way is delivered again within seconds and not counted as an attempt', async () => {
    await leaveUnderWay(40)
    const child = await startChild()
    // Of 40 tasks 8 and of 40 events 16 are under way at once.
    await receiver.until('worker', 16)
    await receiver.until('consumer', 32)
    await kill9(child)
    await sleep(50)
    const tasksBefore = receiver.requests('worker').length
    const eventsBefore = receiver.requests('consumer').length
    receiver.answer('consumer', () => 200)
    receiver.answer('worker', () => 200)
    const begin = performance.now()
    const cloud = await start()
    const tasks = (await receiver.until('worker', tasksBefore + 40)).slice(tasksBefore)
    const events = (await receiver.until('consumer', eventsBefore + 40)).slice(eventsBefore)
    expect(performance.now() - begin).toBeLessThan(5000)
    await sleep(200)
    expect(new Set(tasks.map(({ headers }) => headers['x-cloudtasks-taskname'])).size).toBe(40)
    expect(new Set(tasks.map(({ headers }) => headers['x-cloudtasks-taskretrycount']))).toEqual(new Set(['0']))
    expect(new Set(events.map(({ body }) => JSON.parse(body).deliveryAttempt))).toEqual(new Set([1]))
    expect(await cloud.depth()).toEqual([])
  })

  test('again and again, every task is done in the end', async () => {
    const bodies = await leaveUnderWay(300)
    receiver.answer('worker', async () => {
      await sleep(5)
      return 200
    })
    for (const milliseconds of [20, 60, 100]) {
      const child = await startChild()
      await sleep(milliseconds)
      await kill9(child)
    }
    await start()
    const done = () => new Set(receiver.requests('worker').map(({ body }) => body))
    for (let wait = 0; wait < 500 && done().size < bodies.size; wait++) await sleep(20)
    expect(done()).toEqual(bodies)
  })

  test('a message that kills us every time is counted in the end, and given up', async () => {
    await leaveUnderWay(1)
    await query(`update pgboss.job set retry_count = 30 where name in ('tasks.default', 'push.consumer')`)
    receiver.answer('worker', () => 500)
    receiver.answer('consumer', () => 500)
    const cloud = await start()
    await receiver.until('keep-dead-letters', 1)
    const last = receiver.requests('consumer').at(-1)
    expect(JSON.parse(last?.body ?? '').deliveryAttempt).toBe(1 + 31 - 20)
    for (let wait = 0; wait < 100 && (await cloud.depth()).length > 0; wait++) await sleep(20)
    expect(await cloud.depth()).toEqual([])
  })

  /** Leaves tasks and events behind, some of them under way. */
  async function leaveUnderWay(count: number): Promise<Set<string>> {
    receiver.answer('consumer', () => 'never')
    receiver.answer('worker', () => 'never')
    const seeder = await start()
    const tasks = Array.from({ length: count }, (_, number) => task(number))
    await seeder.queue.enqueue(tasks)
    await seeder.bus.publish(Array.from({ length: count }, (_, number) => event(number)))
    await receiver.until('worker', Math.min(count, 8))
    await receiver.until('consumer', Math.min(count, 16))
    await seeder.stop()
    return new Set(tasks.map(({ body }) => body))
  }
})

describe('a stop', () => {
  test('lets what is under way end, and is done as soon as it has', async () => {
    const cloud = await start({ stopGraceSeconds: 3 })
    receiver.answer('worker', async () => {
      await sleep(300)
      return 200
    })
    await cloud.queue.enqueue([task(1)])
    await receiver.until('worker', 1)
    const begin = performance.now()
    await cloud.stop()
    expect(performance.now() - begin).toBeLessThan(1500)
    await (await start()).stop()
    expect(receiver.requests('worker')).toHaveLength(1)
  })

  test('cuts off what does not end in time, and the next start delivers it again', async () => {
    const cloud = await start({ stopGraceSeconds: 0.2 })
    receiver.answer('worker', (_, count) => (count === 1 ? 'never' : 200))
    await cloud.queue.enqueue([task(1)])
    await receiver.until('worker', 1)
    const begin = performance.now()
    await cloud.stop()
    expect(performance.now() - begin).toBeLessThan(1500)
    await start()
    await receiver.until('worker', 2)
  })
})

describe('fairness', () => {
  const small = { org_id: 'small', number: 0 }
  const large = (count: number) => Array.from({ length: count }, (_, number) => task({ org_id: 'large', number }))

  test('an organization with one task does not wait for another with thousands, before and after a restart', async () => {
    const cloud = await start()
    receiver.answer('worker', async () => {
      await sleep(2)
      return 200
    })
    await cloud.queue.enqueue(large(2000))
    await receiver.until('worker', 50)
    await cloud.queue.enqueue([task(small)])
    expect(await waitOf('small', 1)).toBeLessThan(40)
    await cloud.stop()
    const again = await start()
    await again.queue.enqueue([task({ org_id: 'large', number: 'late' }), task(small)])
    expect(await waitOf('small', 2)).toBeLessThan(40)
    expect(receiver.requests('worker').some(({ body }) => body.includes('late'))).toBe(false)
    expect((await again.depth())[0]?.waiting).toBeGreaterThan(500)
  })

  /** How many other requests came between the asking and the nth of this organization. */
  async function waitOf(organization: string, nth: number): Promise<number> {
    const asked = receiver.requests('worker').length
    for (let wait = 0; wait < 500; wait++) {
      const own = receiver.requests('worker').flatMap(({ body }, index) => (body.includes(organization) ? [index] : []))
      if (own.length >= nth) return (own[nth - 1] ?? 0) - asked
      await sleep(10)
    }
    return Number.POSITIVE_INFINITY
  }
})

describe('schedules', () => {
  const everySecond = { target: 'sweep', cron: '* * * * * *', timeZone: 'Etc/UTC', attempts: 3 }
  const timesOf = () =>
    receiver.requests('sweep').map(({ headers }) => headers['x-cloudscheduler-scheduletime'] as string)

  test('of the occurrences missed while nothing ran, the last one runs, once', async () => {
    const cloud = await start({ plan: { ...plan, schedules: [everySecond] } })
    await receiver.until('sweep', 1)
    await cloud.stop()
    await sleep(3100)
    const before = timesOf().length
    const restarted = Date.now()
    await start({ plan: { ...plan, schedules: [everySecond] } })
    await receiver.until('sweep', before + 2)
    const [caughtUp, next] = timesOf()
      .slice(before)
      .map((time) => Date.parse(time))
    expect(restarted - (caughtUp ?? 0)).toBeLessThan(1500)
    expect((next ?? 0) - (caughtUp ?? 0)).toBeLessThanOrEqual(2000)
  })

  test('a changed schedule counts from its next occurrence, and a removed one is gone', async () => {
    const cloud = await start({ plan: { ...plan, schedules: [everySecond] } })
    await receiver.until('sweep', 1)
    await cloud.stop()
    const yearly = { ...everySecond, cron: '0 0 1 1 *' }
    const changed = await start({ plan: { ...plan, schedules: [yearly] } })
    const before = timesOf().length
    await sleep(1500)
    expect(timesOf()).toHaveLength(before)
    expect((await changed.depth()).map(({ delayed }) => delayed)).toEqual([1])
    await changed.stop()
    expect(await (await start()).depth()).toEqual([])
  })

  test('an occurrence that was under way at kill -9 is repeated, and the schedule goes on', async () => {
    receiver.answer('sweep', (_, count) => (count === 1 ? 'never' : 200))
    const cloud = await start({ plan: { ...plan, schedules: [{ ...everySecond, cron: '*/5 * * * * *' }] } })
    await receiver.until('sweep', 1)
    await cloud.stop()
    await start({ plan: { ...plan, schedules: [{ ...everySecond, cron: '*/5 * * * * *' }] } })
    await receiver.until('sweep', 3)
    const [first, second, third] = timesOf()
    expect(second).toBe(first)
    expect(Date.parse(third ?? '') - Date.parse(first ?? '')).toBe(5000)
  })
})

describe('the database', () => {
  test('is left alone while there is nothing to do, over at most five connections', async () => {
    const cloud = await start()
    await cloud.queue.enqueue(Array.from({ length: 200 }, (_, number) => task(number)))
    await cloud.bus.publish(Array.from({ length: 200 }, (_, number) => event(number)))
    await receiver.until('worker', 200)
    await receiver.until('consumer', 200)
    await sleep(1500)
    const committed = async () => {
      const [row] = await query<{ commits: number; connections: number }>(`select xact_commit::int as commits,
        (select count(*)::int from pg_stat_activity where application_name like 'embedded-cloud%'
          and datname = current_database()) as connections
        from pg_stat_database where datname = current_database()`)
      return row!
    }
    const first = await committed()
    await sleep(3000)
    const second = await committed()
    expect(second.connections).toBeLessThanOrEqual(5)
    expect(second.commits - first.commits).toBeLessThan(10)
  })

  test('may cut every connection: what was under way is still settled and new work delivered', async () => {
    const cloud = await start()
    receiver.answer('worker', async () => {
      await sleep(300)
      return 200
    })
    await cloud.queue.enqueue([task(1)])
    await receiver.until('worker', 1)
    await query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`)
    for (let tries = 0; ; tries++) {
      try {
        await cloud.queue.enqueue([task(2)])
        break
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNAVAILABLE' })
        expect(tries).toBeLessThan(10)
      }
    }
    await receiver.until('worker', 2)
    for (let wait = 0; wait < 200 && (await cloud.depth()).length > 0; wait++) await sleep(20)
    expect(await cloud.depth()).toEqual([])
    expect(receiver.requests('worker')).toHaveLength(2)
  })

  test('that is not there is UNAVAILABLE', async () => {
    const url = new URL(database.url)
    url.pathname = '/no_such_database'
    const options = { plan, urlOf: receiver.urlOf, signToken: signTestToken, log: silentLog }
    await expect(startEmbeddedCloud({ ...options, databaseUrl: url.href })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })
})
