import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Database, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'
import { LastUse } from './last-use.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
const orgId = newId()

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 2, onnotice: () => {} })
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

async function newKey(): Promise<string> {
  const id = newId()
  await owner`insert into api_keys (id, org_id, name, prefix, key_sha256, scopes)
    values (${id}, ${orgId}, 'k', 'rfa_', sha256(${id}::bytea), '[]')`
  return id
}

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, seconds))
const flush = (lastUse: LastUse) => database.transaction(system, (sql) => lastUse.flush(sql))

/** The second of the last use, and which transaction wrote it. */
async function stored(id: string): Promise<{ second: number | null; writer: string }> {
  const [row] = await owner`
    select extract(epoch from last_used_at - ${at(0)}::timestamptz)::int as second, xmin::text as writer
    from api_keys where id = ${id}`
  return row as { second: number | null; writer: string }
}

test('the latest of many uses is written, in whatever order they were noted', async () => {
  const [one, other, unused] = [await newKey(), await newKey(), await newKey()]
  const lastUse = new LastUse()
  for (const second of [1, 30, 7]) lastUse.note(one, at(second))
  lastUse.note(other, at(2))
  expect(lastUse.isEmpty).toBe(false)
  await flush(lastUse)
  expect((await stored(one)).second).toBe(30)
  expect((await stored(other)).second).toBe(2)
  expect((await stored(unused)).second).toBeNull()
  expect(lastUse.isEmpty).toBe(true)
})

test('a key is written once a minute, however often it is used and flushed', async () => {
  const id = await newKey()
  const lastUse = new LastUse()
  lastUse.note(id, at(0))
  await flush(lastUse)
  const { writer } = await stored(id)
  for (const second of [1, 20, 59]) {
    lastUse.note(id, at(second))
    expect(lastUse.isEmpty).toBe(true)
    await flush(lastUse)
  }
  expect(await stored(id)).toEqual({ second: 0, writer })
  lastUse.note(id, at(60))
  await flush(lastUse)
  expect((await stored(id)).second).toBe(60)
})

test('another process within the minute writes nothing, and none sets the time back', async () => {
  const id = await newKey()
  const [one, other] = [new LastUse(), new LastUse()]
  one.note(id, at(100))
  await flush(one)
  const before = await stored(id)
  other.note(id, at(130))
  await flush(other)
  const late = new LastUse()
  late.note(id, at(10))
  await flush(late)
  expect(await stored(id)).toEqual(before)
})

test('what could not be written is written by the next flush', async () => {
  const id = await newKey()
  const lastUse = new LastUse()
  lastUse.note(id, at(5))
  await expect(
    database.transaction(system, async (sql) => {
      await sql`select set_config('statement_timeout', '1', true)`
      await sql`select pg_sleep(1)`.catch(() => {})
      await lastUse.flush(sql)
    }),
  ).rejects.toThrow()
  expect((await stored(id)).second).toBeNull()
  await flush(lastUse)
  expect((await stored(id)).second).toBe(5)
})

test('a key that is being revoked is not waited for', async () => {
  const [held, free] = [await newKey(), await newKey()]
  const lastUse = new LastUse()
  await owner.begin(async (sql) => {
    await sql`update api_keys set revoked_at = now() where id = ${held}`
    lastUse.note(held, at(5))
    lastUse.note(free, at(5))
    await flush(lastUse)
  })
  expect((await stored(free)).second).toBe(5)
})
