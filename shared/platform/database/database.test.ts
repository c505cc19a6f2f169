import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { type Database, nobody, openDatabase, type PendingStatement, system } from './index.ts'

let test_: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  test_ = await cloneDatabase(inject('clusterUrl'))
  database = test_.open(1)
  owner = postgres(test_.ownerUrl, { max: 2, onnotice: () => {} })
})

afterAll(async () => {
  await database.close()
  await owner.end()
  await test_.drop()
})

const insert = (id: string) => (sql: Sql) =>
  sql`insert into users (id, auth_sub, email) values (${id}, ${id}, 'a@example.org')`

async function exists(id: string): Promise<boolean> {
  const rows = await owner`select 1 from users where id = ${id}`
  return rows.length === 1
}

/** Kills the only connection of the product and waits until it is gone on both sides. */
async function killConnections(): Promise<void> {
  await owner`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'adapt_app' and datname = current_database()`
  await new Promise((resolve) => setTimeout(resolve, 100))
}

describe('a transaction', () => {
  test('commits what it did', async () => {
    const id = newId()
    await database.transaction(system, insert(id))
    expect(await exists(id)).toBe(true)
  })

  test('leaves nothing behind when its work throws', async () => {
    const id = newId()
    await expect(
      database.transaction(system, async (sql) => {
        await insert(id)(sql)
        throw new Error('boom')
      }),
    ).rejects.toThrow('boom')
    expect(await exists(id)).toBe(false)
  })

  test('does not commit when a statement failed and its error was swallowed', async () => {
    const id = newId()
    await expect(
      database.transaction(system, async (sql) => {
        await insert(id)(sql)
        await sql`select 1 / 0`.catch(() => {})
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await exists(id)).toBe(false)
  })

  test('does not outlive its end', async () => {
    let leaked: ((id: string) => PromiseLike<unknown>) | undefined
    await database.transaction(system, async (sql) => {
      leaked = (id) => insert(id)(sql)
    })
    const id = newId()
    await expect(async () => leaked?.(id)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await exists(id)).toBe(false)
  })

  test('waits for a free connection and then runs', async () => {
    const ids = Array.from({ length: 20 }, newId)
    await Promise.all(ids.map((id) => database.transaction(system, insert(id))))
    expect(await Promise.all(ids.map(exists))).not.toContain(false)
  })

  test('waits no longer for a free connection than it may', async () => {
    const impatient = test_.open(1, 1)
    try {
      const slow = impatient.transaction(system, (sql) => sql`select pg_sleep(3)`)
      await expect(impatient.transaction(system, (sql) => sql`select 1`)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await slow
      await impatient.transaction(system, (sql) => sql`select 1`)
    } finally {
      await impatient.close()
    }
  })

  test('is refused once the database is closed', async () => {
    const closed = test_.open(1)
    await closed.close()
    await expect(closed.transaction(system, (sql) => sql`select 1`)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('refuses a scope that is not a UUID', async () => {
    await expect(
      database.transaction({ ...nobody, orgId: `x', true); drop table users; --` }, async () => {}),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('connecting ahead', () => {
  const backends = async () => {
    const rows = await owner`
      select pid from pg_stat_activity where usename = 'adapt_app' and datname = current_database()`
    return rows.map((row) => row.pid)
  }

  test('makes one connection, which the first transaction uses, be it there already or not', async () => {
    await killConnections()
    for (const patienceMilliseconds of [0, 200]) {
      const other = test_.open(2)
      other.connect()
      await new Promise((resolve) => setTimeout(resolve, patienceMilliseconds))
      const [row] = await other.transaction(nobody, (sql) => sql`select pg_backend_pid() as pid`)
      expect(await backends()).toEqual([row!.pid])
      await other.close()
      await expect.poll(backends).toEqual([])
    }
  })

  test('to a server that is not there leaves the error to the transaction, and the next connection in order', async () => {
    const options = { poolSize: 1, connectTimeoutSeconds: 2, statementTimeoutSeconds: 2, applicationName: 'test' }
    const nowhere = openDatabase({ ...options, url: 'postgres://adapt_app@127.0.0.1:1/nothing' })
    nowhere.connect()
    for (let attempt = 0; attempt < 2; attempt++) {
      const select = nowhere.transaction(nobody, (sql) => sql`select 1`)
      await expect(select).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    }
    await nowhere.close()
    const killed = test_.open(1)
    killed.connect()
    await expect.poll(backends).toHaveLength(1)
    await killConnections()
    expect(await killed.transaction(nobody, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }])
    await killed.close()
  })
})

describe('a connection killed in the middle of a transaction leaves nothing behind', () => {
  const moments = {
    'and the next statement writes': (id: string) => insert(id),
    'and the next statement reads': () => (sql: Sql) => sql`select 1`,
    'and nothing follows but the commit': () => async () => {},
  }
  for (const [moment, next] of Object.entries(moments)) {
    test(moment, async () => {
      const [before, after] = [newId(), newId()]
      await expect(
        database.transaction(system, async (sql) => {
          await insert(before)(sql)
          await killConnections()
          await next(after)(sql)
        }),
      ).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      expect(await exists(before)).toBe(false)
      expect(await exists(after)).toBe(false)
    })
  }

  test('and the error of the statement that noticed is swallowed', async () => {
    const [before, after] = [newId(), newId()]
    await expect(
      database.transaction(system, async (sql) => {
        await insert(before)(sql)
        const slow = sql`select pg_sleep(5)`.catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 50))
        await killConnections()
        await slow
        await Promise.resolve(insert(after)(sql)).catch(() => {})
      }),
    ).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await exists(before)).toBe(false)
    expect(await exists(after)).toBe(false)
  })

  test('and a statement made before the kill is sent after it', async () => {
    const [before, after] = [newId(), newId()]
    await expect(
      database.transaction(system, async (sql) => {
        await insert(before)(sql)
        const prepared = insert(after)(sql)
        await killConnections()
        await prepared
      }),
    ).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await exists(before)).toBe(false)
    expect(await exists(after)).toBe(false)
  })

  test('and whatever is sent while it dies is answered, at every moment of its death', async () => {
    const moments = Array.from({ length: 40 }, (_, moment) => moment)
    for (const moment of moments) {
      const dying = database.transaction(
        system,
        async (sql) => {
          const [row] = await sql`select pg_backend_pid() as pid`
          await owner`select pg_terminate_backend(${row!.pid})`
          for (let turn = 0; turn < moment % 5; turn++) await new Promise((resolve) => setImmediate(resolve))
          if (moment % 2 === 0) await Promise.resolve(sql`select 1`).catch(() => {})
          await insert(newId())(sql)
        },
        { last: (sql) => [sql`select 1`, sql`select 2`] },
      )
      await expect(dying).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    }
  })

  test('and the next transaction works again', async () => {
    await killConnections()
    const id = newId()
    await database.transaction(system, insert(id))
    expect(await exists(id)).toBe(true)
  })
})

test('nothing can be written outside of a transaction, even by the application role itself', async () => {
  const raw = test_.open(1)
  try {
    await expect(
      raw.transaction(system, async (sql) => {
        await sql.unsafe('rollback')
        await insert(newId())(sql)
      }),
    ).rejects.toMatchObject({ code: '25006' })
  } finally {
    await raw.close()
  }
})

test('an unreachable database answers CONNECTION_LOST', async () => {
  const nowhere = openDatabase({
    url: 'postgres://adapt_app:x@127.0.0.1:1/x',
    poolSize: 1,
    connectTimeoutSeconds: 1,
    statementTimeoutSeconds: 1,
    applicationName: 'test',
  })
  await expect(nowhere.transaction(system, (sql) => sql`select 1`)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await nowhere.close()
})

describe('a transaction that only reads', () => {
  test('can write nothing', async () => {
    await expect(
      database.transaction(nobody, (sql) => sql`create table forbidden (id int)`, { readOnly: true }),
    ).rejects.toMatchObject({ code: '25006' })
  })

  test('leaves its connection free of it for the next one', async () => {
    const single = test_.open(1)
    for (let round = 0; round < 20; round++) {
      await single.transaction({ ...nobody, orgId: newId() }, (sql) => sql`select 1`, { readOnly: true })
      const [row] = await single.transaction(
        nobody,
        (sql) => sql`select app_org_id() as org, current_setting('transaction_read_only') as read_only`,
      )
      expect(row).toEqual({ org: null, read_only: 'off' })
    }
    await single.close()
  })
})

test('where the processor may be taken away after an answer, a read is over all the same', async () => {
  const options = { poolSize: 1, connectTimeoutSeconds: 5, statementTimeoutSeconds: 10 }
  const stateAfterRead = async (endsReadsLater: boolean) => {
    const applicationName = `reads later: ${endsReadsLater}`
    const throttled = openDatabase({ ...options, applicationName, endsReadsLater, url: test_.appUrl })
    await throttled.transaction(nobody, (sql) => sql`select 1`, { readOnly: true })
    const later = owner
      .unsafe(
        `with slept as materialized (select pg_sleep(0.05))
        select activity.state from slept, lateral (
          select state from pg_stat_activity where application_name = '${applicationName}' and slept is not null
        ) activity`,
      )
      .simple()
      .execute()
    // What is to be written goes out, and then nothing of ours runs any more.
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    const [activity] = await later
    await throttled.close()
    return activity?.state
  }
  const states = { later: new Set<string>(), atOnce: new Set<string>() }
  for (let round = 0; round < 8; round++) {
    states.later.add(await stateAfterRead(true))
    states.atOnce.add(await stateAfterRead(false))
  }
  // On a slow machine the timer may have come first, but not every time.
  expect(states.later).toContain('idle in transaction')
  expect(states.atOnce).toEqual(new Set(['idle']))
})

describe('the last statements of a transaction', () => {
  const last = (...statements: ((sql: Sql) => PendingStatement)[]) => ({
    last: (sql: Sql) => statements.map((statement) => statement(sql)),
  })

  test('take effect with the rest of it', async () => {
    const ids = [newId(), newId(), newId()]
    await database.transaction(system, insert(ids[0]!), last(insert(ids[1]!), insert(ids[2]!)))
    expect(await Promise.all(ids.map(exists))).toEqual([true, true, true])
  })

  test('undo the rest of it when one of them fails, and say why', async () => {
    const ids = [newId(), newId()]
    const failing = (sql: Sql) => sql`select 1 / 0`
    await expect(database.transaction(system, insert(ids[0]!), last(failing, insert(ids[1]!)))).rejects.toMatchObject({
      code: '22012',
    })
    expect(await Promise.all(ids.map(exists))).toEqual([false, false])
  })

  test('write nothing when the connection is lost before they are sent', async () => {
    const ids = [newId(), newId()]
    await expect(
      database.transaction(
        system,
        async (sql) => {
          await insert(ids[0]!)(sql)
          await killConnections()
        },
        last(insert(ids[1]!)),
      ),
    ).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await Promise.all(ids.map(exists))).toEqual([false, false])
  })
})

test('a Unix socket named by the URL serves like TCP does', async () => {
  const cluster = new URL(test_.appUrl)
  const [row] = await owner`show unix_socket_directories`
  expect(row?.unix_socket_directories).not.toBe('')
  cluster.searchParams.set('host', String(row?.unix_socket_directories))
  const options = { poolSize: 1, connectTimeoutSeconds: 5, statementTimeoutSeconds: 10, applicationName: 'test' }
  const local = openDatabase({ ...options, url: cluster.href })
  const [where] = await local.transaction(nobody, (sql) => sql`select inet_client_addr() as address`)
  expect(where?.address).toBeNull()
  await local.close()
})
