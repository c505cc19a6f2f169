import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { VirtualClock } from '../../tests/fakes/clock.ts'
import { FaultyDatabase } from '../../tests/fakes/faulty-database.ts'
import { RecordingLogger } from '../../tests/fakes/recording-logger.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'
import { type UsageEntry, UsageLog } from './usage.ts'

let clone: TestDatabase
let real: Database
let owner: postgres.Sql
let orgId: string

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  real = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
beforeEach(async () => {
  orgId = newId()
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
})
afterAll(async () => {
  await real.close()
  await owner.end()
  await clone.drop()
})

function setUp() {
  const clock = new VirtualClock()
  const database = new FaultyDatabase(real)
  const log = new RecordingLogger()
  const usage = new UsageLog({ database, log, startTimer: clock.startTimer })
  let number = 0
  const record = (count: number, changes: Partial<UsageEntry> = {}) => {
    for (let index = 0; index < count; index++) {
      usage.record({
        orgId,
        userId: newId(),
        keyId: null,
        functionName: 'projects-list',
        method: 'GET',
        status: 200,
        milliseconds: 1.234,
        at: clock.now(),
        requestId: `request-${++number}`,
        ...changes,
      })
    }
  }
  return { clock, database, log, usage, record }
}

const written = async (organization = orgId): Promise<string[]> =>
  (
    await owner`select request_id from api_usage_logs where org_id = ${organization}
      order by length(request_id), request_id`
  ).map((row) => row.request_id)

const numbered = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `request-${first + index}`)

describe('when entries are written', () => {
  test('a request costs no statement: they are written together after two seconds', async () => {
    const { clock, database, usage, record } = setUp()
    record(3)
    await clock.pass(1_999)
    expect(database.transactions).toBe(0)
    await clock.pass(1)
    await usage.flush()
    expect(database.transactions).toBe(1)
    expect(await written()).toEqual(numbered(1, 3))
  })

  test('two hundred do not wait', async () => {
    const { database, record } = setUp()
    record(199)
    expect(database.transactions).toBe(0)
    record(1)
    await vi.waitFor(async () => expect(await written()).toHaveLength(200))
    expect(database.transactions).toBe(1)
  })

  test('the next request sees that they are overdue, where timers stood still in between', async () => {
    const { clock, database, record } = setUp()
    record(1)
    clock.jump(60_000)
    expect(database.transactions).toBe(0)
    record(1)
    await vi.waitFor(async () => expect(await written()).toEqual(numbered(1, 2)))
  })

  test('one statement at a time, whatever comes meanwhile, and nothing is lost or twice', async () => {
    const { database, usage, record } = setUp()
    for (let round = 0; round < 20; round++) {
      record(150)
      await new Promise(setImmediate)
    }
    await Promise.all([usage.flush(), usage.flush()])
    expect(await written()).toEqual(numbered(1, 3_000))
    expect(database.atOnce).toBe(1)
    expect(database.transactions).toBeLessThan(20)
  })

  test('what is left is written at the end', async () => {
    const { usage, record, log } = setUp()
    record(1_777)
    await usage.close()
    expect(await written()).toHaveLength(1_777)
    expect(log.lines).toEqual([])
  })

  test('an entry is kept as it was', async () => {
    const { usage, record, clock } = setUp()
    const keyId = newId()
    record(1, { userId: null, keyId, method: 'POST', status: 422, requestBytes: 12, responseBytes: 5_000_000_000 })
    await usage.flush()
    const [row] = await owner`select * from api_usage_logs where org_id = ${orgId}`
    expect(row).toMatchObject({
      occurred_at: clock.now(),
      user_id: null,
      key_id: keyId,
      function_name: 'projects-list',
      method: 'POST',
      status: 422,
      milliseconds: 1.23,
      request_bytes: '12',
      response_bytes: '5000000000',
    })
  })
})

describe('when the database fails', () => {
  test('entries are kept and tried again later and later, with one warning', async () => {
    const { clock, database, usage, record, log } = setUp()
    database.failure = 'before'
    record(250)
    await usage.flush()
    const attempts = [database.transactions]
    // 2, 4, 8 … seconds: requests that go on do not hasten it.
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      record(1)
      await clock.pass(seconds * 1_000 - 1)
      attempts.push(database.transactions)
      await clock.pass(1)
    }
    const [first = 0] = attempts
    expect(attempts).toEqual([0, 0, 1, 2, 3, 4, 5, 6].map((more) => first + more))
    database.failure = null
    await usage.flush()
    expect(await written()).toEqual(numbered(1, 257))
    expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
  })

  test('a commit whose answer was lost is repeated without doubling', async () => {
    const { database, usage, record } = setUp()
    database.failure = 'after'
    record(5)
    await usage.flush()
    await usage.flush()
    database.failure = null
    record(1)
    await usage.flush()
    expect(await written()).toEqual(numbered(1, 6))
  })

  test('memory is bounded: the oldest go, and it is said once how many', async () => {
    const { database, usage, record, log } = setUp()
    database.failure = 'before'
    record(15_000)
    await usage.flush()
    database.failure = null
    await usage.flush()
    const kept = await written()
    expect(kept.length).toBeGreaterThan(9_500)
    expect(kept.length).toBeLessThanOrEqual(10_500)
    expect(kept.at(-1)).toBe('request-15000')
    const dropped = log.lines.filter(({ message }) => message.includes('dropped'))
    expect(dropped).toMatchObject([{ level: 'warn', fields: { entries: 15_000 - kept.length } }])
  })

  test('what can not be written at the end is counted', async () => {
    const { database, usage, record, log } = setUp()
    database.failure = 'before'
    record(7)
    await usage.close()
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', message: 'usage entries are lost', fields: { entries: 7 } })
  })

  test('entries that the database refuses do not stand in the way of others', async () => {
    const { usage, record, log } = setUp()
    record(1, { status: 100_000 })
    await usage.flush()
    record(1)
    await usage.flush()
    expect(await written()).toEqual(['request-2'])
    expect(log.lines).toMatchObject([{ level: 'error', fields: { entries: 1 } }])
  })
})

describe('what is not written', () => {
  test('entries of an organization that is gone, or going, while those of others are', async () => {
    const { usage, record } = setUp()
    const going = newId()
    await owner`insert into organizations (id, name, deleting_at) values (${going}, 'g', now())`
    record(1, { orgId: newId() })
    record(1, { orgId: going })
    record(1)
    await usage.flush()
    expect(await written()).toEqual(['request-3'])
    expect(await written(going)).toEqual([])
  })
})

describe('what is written along', () => {
  test('the use of API keys, also when there are no entries, and only when there is any', async () => {
    const { database, usage } = setUp()
    let waiting = 1
    usage.attach({
      get isEmpty() {
        return waiting === 0
      },
      async flush(sql) {
        await sql`select 1`
        waiting = 0
      },
    })
    await usage.flush()
    await usage.flush()
    expect(waiting).toBe(0)
    expect(database.transactions).toBe(1)
  })
})
