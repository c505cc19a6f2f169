import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { VirtualClock } from '../../tests/fakes/clock.ts'
import { FaultyDatabase } from '../../tests/fakes/faulty-database.ts'
import { RecordingLogger } from '../../tests/fakes/recording-logger.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'
import { FlagCache } from './flags.ts'

const key = 'FEATURE_CACHED'
const orgId = newId()
let clone: TestDatabase
let real: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  real = clone.open(1, 1)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
beforeEach(async () => {
  await owner`delete from feature_flags`
  await owner`insert into feature_flags (key, enabled, percentage) values (${key}, true, 100)`
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
  return { clock, database, log, flags: new FlagCache({ database, log, now: clock.now }) }
}

const turnOff = () => owner`update feature_flags set enabled = false`

test('flags are read once, however many ask at the same time, and not again within a minute', async () => {
  const { clock, database, flags } = setUp()
  const answers = await Promise.all(Array.from({ length: 50 }, () => flags.isEnabled(key, orgId)))
  expect(answers.every(Boolean)).toBe(true)
  await clock.pass(59_999)
  expect(await flags.isEnabled(key, orgId)).toBe(true)
  expect(await flags.isEnabled('FEATURE_UNKNOWN', orgId)).toBe(false)
  expect(database.transactions).toBe(1)
})

test('a change is seen after a minute, and nobody waits for it', async () => {
  const { clock, database, flags } = setUp()
  await flags.isEnabled(key, orgId)
  await turnOff()
  await clock.pass(60_000)
  expect(await flags.isEnabled(key, orgId)).toBe(true)
  await vi.waitFor(async () => expect(await flags.isEnabled(key, orgId)).toBe(false))
  expect(database.transactions).toBe(2)
})

test('a clock that is set back does not keep old answers', async () => {
  const { clock, flags } = setUp()
  await flags.isEnabled(key, orgId)
  await turnOff()
  clock.jump(-86_400_000)
  await flags.isEnabled(key, orgId)
  await vi.waitFor(async () => expect(await flags.isEnabled(key, orgId)).toBe(false))
})

test('while the database fails what was read last counts, and it is asked less and less often', async () => {
  const { clock, database, log, flags } = setUp()
  await flags.isEnabled(key, orgId)
  database.failure = 'before'
  await clock.pass(60_000)
  await flags.isEnabled(key, orgId)
  const attempts: number[] = []
  for (const seconds of [1, 2, 4, 8]) {
    await clock.pass(seconds * 1_000 - 1)
    expect(await flags.isEnabled(key, orgId)).toBe(true)
    attempts.push(database.transactions)
    await clock.pass(1)
    expect(await flags.isEnabled(key, orgId)).toBe(true)
  }
  expect(attempts).toEqual([2, 3, 4, 5])
  expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('what was read last counts') }])
  database.failure = null
  await turnOff()
  await clock.pass(60_000)
  await flags.isEnabled(key, orgId)
  await vi.waitFor(async () => expect(await flags.isEnabled(key, orgId)).toBe(false))
})

test('flags that could never be read are off, with a warning, until they can', async () => {
  const { clock, database, log, flags } = setUp()
  database.failure = 'before'
  expect(await flags.isEnabled(key, orgId)).toBe(false)
  expect(await flags.isEnabled(key, orgId)).toBe(false)
  expect(database.transactions).toBe(1)
  expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('all are off') }])
  database.failure = null
  await clock.pass(1_000)
  expect(await flags.isEnabled(key, orgId)).toBe(true)
})

test('asked inside a transaction, the first read needs no second connection', async () => {
  const { flags } = setUp()
  // There is only one.
  const on = await real.transaction(nobody, (sql) => flags.isEnabled(key, orgId, sql))
  expect(on).toBe(true)
})
