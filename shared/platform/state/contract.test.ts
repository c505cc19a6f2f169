import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createTestDatabase } from '../database/test-cluster.ts'
import { describeStateStore } from './contract.ts'
import { createLocalState, type LocalState } from './local.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let store: LocalState
const clock = { milliseconds: Date.now() }
const open = () => createLocalState({ databaseUrl: database.url, now: () => new Date(clock.milliseconds) })
const passSeconds = (seconds: number) => {
  clock.milliseconds += seconds * 1000
}

beforeAll(async () => {
  database = await createTestDatabase(inject('clusterUrl'))
  store = await open()
})
afterAll(async () => {
  await store.close()
  await database.drop()
})

describeStateStore('the embedded driver', () => ({ store, passSeconds }))

describe('the embedded state store', () => {
  it('removes expired entries, thousands at a time, and leaves the others', async () => {
    passSeconds(1_000)
    await store.prune()
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) => store.write(`pruned:${index}`, index, { ttlSeconds: 5 })),
    )
    await store.write('kept', 1, { ttlSeconds: 100 })
    passSeconds(5)
    expect(await store.prune()).toBe(2_500)
    expect(await store.prune()).toBe(0)
    expect((await store.read('kept'))?.value).toBe(1)
  })

  it('prunes by itself', async () => {
    const own = await createTestDatabase(inject('clusterUrl'))
    const busy = await createLocalState({ databaseUrl: own.url, pruneIntervalSeconds: 0.05 })
    const sql = postgres(own.url, { max: 1 })
    await busy.write('soon gone', 1, { ttlSeconds: 0.01 })
    await expect.poll(async () => (await sql`select count(*)::int as n from state.entries`)[0]?.n).toBe(0)
    await sql.end()
    await busy.close()
    await own.drop()
  })

  it('lets several processes start at once on an empty database and share one state', async () => {
    const own = await createTestDatabase(inject('clusterUrl'))
    const stores = await Promise.all(Array.from({ length: 4 }, () => createLocalState({ databaseUrl: own.url })))
    await Promise.all(
      stores.flatMap((one) => Array.from({ length: 10 }, () => one.add('shared', 1, { ttlSeconds: 60 }))),
    )
    expect((await stores[0]!.read('shared'))?.value).toBe(40)
    for (const one of stores) await one.close()
    await own.drop()
  })

  it('keeps its table out of the write-ahead log', async () => {
    const sql = postgres(database.url, { max: 1 })
    const [table] = await sql`select relpersistence from pg_class where oid = 'state.entries'::regclass`
    expect(table?.relpersistence).toBe('u')
    await sql.end()
  })

  it('says UNAVAILABLE when the database is, and works again afterwards', async () => {
    const sql = postgres(database.url, { max: 1, onnotice: () => {} })
    await sql`alter table state.entries rename to gone`
    await expect(store.read('x')).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
    await sql`alter table state.gone rename to entries`
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`
    await sql.end()
    await expect
      .poll(() =>
        store.add('after the loss', 1, { ttlSeconds: 60 }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
  })
})
