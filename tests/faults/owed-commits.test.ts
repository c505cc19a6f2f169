import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { Random } from './random.ts'

const readOnly = { readOnly: true }
let clone: TestDatabase
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  owner = postgres(clone.ownerUrl, { max: 2, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await clone.drop()
})

/** Runs a test on a pool of its own. */
async function withPool(size: number, work: (database: Database) => Promise<void>): Promise<void> {
  const database = clone.open(size)
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

const backends = () => owner<{ pid: number; state: string }[]>`
  select pid, state from pg_stat_activity where usename = 'adapt_app' and datname = current_database()`
const scope = (): Scope => ({ ...nobody, orgId: newId() })
const seen = (sql: Sql) => sql<{ org: string | null; writes: string; user: string | null; system: boolean }[]>`
  select app_org_id() as org, app_user_id() as "user", app_is_system() as system,
    current_setting('transaction_read_only') as writes`
const insert = (id: string) => (sql: Sql) =>
  sql`insert into users (id, auth_sub, email) values (${id}, ${id}, 'a@example.org')`
const exists = async (id: string) => (await owner`select 1 from users where id = ${id}`).length === 1

describe('after a transaction that only read', () => {
  test('the next one on its connection has its own scope and may write, whatever came before', async () => {
    await withPool(1, async (database) => {
      const failures: Record<string, () => Promise<unknown>> = {
        'a read': () => database.transaction(scope(), seen, readOnly),
        'a read that did nothing': () => database.transaction(scope(), async () => {}, readOnly),
        'a read whose failed statement was swallowed': () =>
          database.transaction(scope(), (sql) => Promise.resolve(sql`select 1 / 0`).catch(() => {}), readOnly),
        'a read that threw': () =>
          database.transaction(scope(), async () => Promise.reject(new Error('thrown')), readOnly).catch(() => {}),
        'a read that was refused a write': () =>
          database.transaction(system, insert(newId()), readOnly).catch(() => {}),
        'a write that threw': () =>
          database.transaction(scope(), async () => Promise.reject(new Error('thrown'))).catch(() => {}),
      }
      for (const [what, before] of Object.entries(failures)) {
        await before()
        const id = newId()
        const [row] = await database.transaction(system, async (sql) => {
          await insert(id)(sql)
          return seen(sql)
        })
        expect(row, what).toEqual({ org: null, user: null, system: true, writes: 'off' })
        expect(await exists(id), what).toBe(true)
      }
    })
  })

  test('nobody ever sees the scope of another, in any mix of reads, writes and failures', async () => {
    const random = new Random(11)
    await withPool(2, async (database) => {
      const work = Array.from({ length: 400 }, async () => {
        const mine = { ...nobody, orgId: newId(), userId: random.next() < 0.5 ? newId() : null }
        const isRead = random.next() < 0.6
        const fails = random.next() < 0.2
        const pause = random.integer(0, 4)
        const result = database.transaction(
          mine,
          async (sql) => {
            if (pause === 4) await sleep(random.integer(0, 5))
            const [row] = await seen(sql)
            expect(row).toEqual({ org: mine.orgId, user: mine.userId, system: false, writes: isRead ? 'on' : 'off' })
            if (fails) await sql`select 1 / 0`
          },
          { readOnly: isRead },
        )
        if (fails) await expect(result).rejects.toMatchObject({ code: '22012' })
        else await result
      })
      await Promise.all(work)
    })
  })

  test('no connection stays in it for longer than a moment', async () => {
    await withPool(5, async (database) => {
      await Promise.all(Array.from({ length: 5 }, () => database.transaction(scope(), seen, readOnly)))
      await expect.poll(async () => (await backends()).map(({ state }) => state)).toEqual(Array(5).fill('idle'))
    })
  })

  test('closing ends its connections all the same', async () => {
    for (const wait of [0, 1, 3, 4, 10]) {
      const database = clone.open(3)
      await Promise.all([1, 2, 3].map(() => database.transaction(scope(), seen, readOnly)))
      await sleep(wait)
      await database.close()
      await expect(database.transaction(scope(), seen, readOnly)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      await expect.poll(backends).toEqual([])
    }
  })

  test('there is nothing to write with the commit: who tries is told', async () => {
    await withPool(1, async (database) => {
      const id = newId()
      const refused = database.transaction(system, seen, { ...readOnly, last: (sql) => [insert(id)(sql)] })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect(await exists(id)).toBe(false)
      await database.transaction(system, insert(id), { last: () => [] })
      expect(await exists(id)).toBe(true)
    })
  })
})

describe('a statement that is made in a transaction and sent after its end', () => {
  for (const isRead of [true, false]) {
    test(`is refused, and never runs in the transaction of somebody else (${isRead ? 'read' : 'write'})`, async () => {
      await withPool(1, async (database) => {
        let late: ReturnType<typeof seen> | undefined
        await database.transaction(
          scope(),
          async (sql) => {
            late = seen(sql)
            await seen(sql)
          },
          { readOnly: isRead },
        )
        const other = scope()
        await database.transaction(other, async (sql) => {
          await seen(sql)
          const outcome = await late!.then(
            (rows) => rows[0]?.org ?? 'nothing',
            (error: { code?: string }) => error.code,
          )
          expect(outcome).toBe('INVALID_ARGUMENT')
          expect((await seen(sql))[0]?.org).toBe(other.orgId)
        })
      })
    })
  }
})

describe('a connection that dies while a commit is owed', () => {
  const kill = async () => {
    for (const { pid } of await backends()) await owner`select pg_terminate_backend(${pid})`
  }

  test('costs at most the next transaction, which then had no effect, at every moment of its death', async () => {
    const random = new Random(5)
    await withPool(1, async (database) => {
      let losses = 0
      for (let moment = 0; moment < 60; moment++) {
        await database.transaction(scope(), seen, readOnly)
        const id = newId()
        const turns = random.integer(0, 20)
        const killing = kill()
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        const outcome = await database.transaction(system, insert(id)).then(
          () => 'done',
          (error: { code?: string }) => error.code,
        )
        await killing
        expect(['done', 'CONNECTION_LOST']).toContain(outcome)
        if (outcome === 'done') expect(await exists(id)).toBe(true)
        else losses++
        // It may have been killed after its commit. What counts is that the pool goes on.
        await expect
          .poll(() =>
            database.transaction(scope(), seen, readOnly).then(
              () => true,
              () => false,
            ),
          )
          .toBe(true)
      }
      expect(losses).toBeGreaterThan(0)
    })
  })

  test('leaves those who wait for it with one that works', async () => {
    await withPool(1, async (database) => {
      for (let round = 0; round < 20; round++) {
        const outcomes = Promise.allSettled(
          Array.from({ length: 10 }, (_, at) => database.transaction(scope(), seen, { readOnly: at % 2 === 0 })),
        )
        await kill()
        for (const outcome of await outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CONNECTION_LOST' })
        }
        await expect
          .poll(() =>
            database.transaction(scope(), seen, readOnly).then(
              () => true,
              () => false,
            ),
          )
          .toBe(true)
      }
      expect((await backends()).length).toBeLessThanOrEqual(1)
    })
  })
})
