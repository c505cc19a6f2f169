import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { migrate } from '#shared/database/migrate.ts'
import { type Database, nobody, openDatabase, type Scope, system } from '#shared/platform/database/index.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { anyEntry, auditEntry } from '../../../tests/fixtures/audit.ts'
import { appPassword, cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { type AuditEntry, appendAudit } from './append.ts'
import { eraseAudit, listHeads } from './audit-logs.ts'
import { dropExpiredPartitions, ensureMonthPartitions } from './partitions.ts'
import type { Read } from './stored.ts'
import { verifyAuditLog } from './verify.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(10)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

const inside = (orgId: string): Scope => ({ ...nobody, orgId })
const signal = new AbortController().signal

async function newOrganization(): Promise<string> {
  const id = newId()
  await owner`insert into organizations (id, name) values (${id}, 'o')`
  return id
}

/** As the runtime does it: together with the commit. */
const append = (entries: AuditEntry[], scope: Scope = inside(entries[0]!.orgId), into = database) =>
  into.transaction(scope, async () => {}, { last: (sql) => [appendAudit(sql, entries)] })

const verify = (orgId: string, into = database) => {
  const read: Read = (work) => into.transaction(inside(orgId), work)
  return verifyAuditLog(read, { signal })
}

describe('an entry', () => {
  test('is stored as it was hashed, whatever it holds', async () => {
    const orgId = await newOrganization()
    let count = 0
    await fc.assert(
      fc.asyncProperty(fc.array(anyEntry(orgId), { minLength: 1, maxLength: 5 }), async (entries) => {
        await append(entries)
        count += entries.length
        expect(await verify(orgId)).toMatchObject({ valid: true, entries: count })
      }),
      { numRuns: 60 },
    )
  })

  test('of a transaction that is rolled back leaves nothing', async () => {
    const orgId = await newOrganization()
    await append([auditEntry(orgId)])
    const before = await owner`select * from audit_heads where org_id = ${orgId}`
    await expect(
      database.transaction(inside(orgId), async (sql) => {
        await appendAudit(sql, [auditEntry(orgId), auditEntry(orgId)])
        throw new Error('boom')
      }),
    ).rejects.toThrow('boom')
    expect(await owner`select * from audit_heads where org_id = ${orgId}`).toEqual(before)
    await append([auditEntry(orgId)])
    expect(await verify(orgId)).toMatchObject({ valid: true, entries: 2, head: { sequence: 2 } })
  })

  test('that cannot be written takes the whole transaction with it', async () => {
    const orgId = await newOrganization()
    const bad = auditEntry(orgId, { actorKind: 'nobody' as never })
    const rename = (sql: Sql) => sql`update organizations set name = 'renamed' where id = ${orgId}`
    await expect(
      database.transaction(inside(orgId), async (sql) => void (await rename(sql)), {
        last: (sql) => [appendAudit(sql, [bad])],
      }),
    ).rejects.toMatchObject({ code: '23514' })
    expect(await owner`select name from organizations where id = ${orgId}`).toEqual([{ name: 'o' }])
  })

  test('none writes nothing', async () => {
    await append([], system)
    expect(await verify(newId())).toMatchObject({ valid: true, entries: 0, head: null })
  })
})

test('fifty writers at once over several organizations leave chains without gap or fork', async () => {
  const organizations = await Promise.all([newOrganization(), newOrganization(), newOrganization()])
  const rounds = 6
  const writer = async (index: number) => {
    for (let round = 0; round < rounds; round++) {
      const [first, second] = [organizations[index % 3]!, organizations[(index + round) % 3]!]
      // Some write into two chains, in either order; some give up; some write two entries.
      if (index % 5 === 0) await append([auditEntry(first), auditEntry(second)], system)
      else if (index % 5 === 1) {
        const given = database.transaction(inside(first), async (sql) => {
          await appendAudit(sql, [auditEntry(first)])
          throw new Error('given up')
        })
        await expect(given).rejects.toThrow('given up')
      } else await append(Array.from({ length: 1 + (index % 2) }, () => auditEntry(first)))
    }
  }
  await Promise.all(Array.from({ length: 50 }, (_, index) => writer(index)))
  let total = 0
  for (const orgId of organizations) {
    const verdict = await verify(orgId)
    expect(verdict).toMatchObject({ valid: true, head: { sequence: verdict.entries } })
    total += verdict.entries
  }
  // Of each ten writers four write one entry, four two (two of them into two chains), and two none.
  expect(total).toBe(5 * rounds * (3 * 1 + 3 * 2 + 2 * 2))
})

describe('the application role', () => {
  const refused = async (scope: Scope, work: (sql: Sql) => PromiseLike<unknown>) =>
    expect(database.transaction(scope, async (sql) => void (await work(sql)))).rejects.toMatchObject({ code: '42501' })

  test('can neither insert, change nor remove an entry or a head, nor reach a partition', async () => {
    const orgId = await newOrganization()
    await append([auditEntry(orgId)])
    for (const scope of [inside(orgId), { ...system, orgId }]) {
      for (const table of ['audit_logs', 'audit_heads', 'audit_logs_default']) {
        await refused(scope, (sql) => sql`insert into ${sql(table)} (org_id, sequence, hash) values (${orgId}, 9, '')`)
        await refused(scope, (sql) => sql`update ${sql(table)} set hash = ''`)
        await refused(scope, (sql) => sql`delete from ${sql(table)}`)
        await refused(scope, (sql) => sql`truncate ${sql(table)}`)
      }
      await refused(scope, (sql) => sql`select from audit_logs_default`)
      await refused(scope, (sql) => sql`alter table audit_logs disable trigger all`)
    }
    expect(await verify(orgId)).toMatchObject({ valid: true, entries: 1 })
  })

  test('cannot write the chain of another organization, nor any without a scope', async () => {
    const [mine, theirs] = [await newOrganization(), await newOrganization()]
    for (const scope of [inside(mine), nobody]) {
      await refused(scope, (sql) => appendAudit(sql, [auditEntry(theirs)]))
    }
    await refused(inside(mine), (sql) => appendAudit(sql, [auditEntry(mine), auditEntry(theirs)]))
    await refused(nobody, (sql) => sql`select append_audit('[{}]'::json)`)
    expect(await verify(theirs)).toMatchObject({ valid: true, entries: 0, head: null })
    expect(await verify(mine)).toMatchObject({ valid: true, entries: 0, head: null })
  })

  test('makes and drops partitions only as the runtime, and only of tables that are meant', async () => {
    await refused(inside(newId()), (sql) => ensureMonthPartitions(sql, 'audit_logs', 1))
    await refused(inside(newId()), (sql) => dropExpiredPartitions(sql))
    for (const table of ['users', 'audit_logs; drop table users', 'audit_heads']) {
      const make = database.transaction(system, (sql) => ensureMonthPartitions(sql, table as never, 1))
      await expect(make, table).rejects.toMatchObject({ code: '22023' })
    }
  })

  test('sees the heads of its own organization, the runtime all', async () => {
    const organizations = (await Promise.all([newOrganization(), newOrganization()])).sort()
    for (const orgId of organizations) await append([auditEntry(orgId)])
    const heads = (scope: Scope, after: string) => database.transaction(scope, (sql) => listHeads(sql, after, 1))
    const zero = '00000000-0000-0000-0000-000000000000'
    expect(await heads(inside(organizations[1]!), zero)).toMatchObject([{ org_id: organizations[1], sequence: 1 }])
    expect(await heads(system, organizations[0]!)).toMatchObject([{ org_id: organizations[1], sequence: 1 }])
  })
})

test('not even the owner can change or remove entries by mistake', async () => {
  const orgId = await newOrganization()
  await append([auditEntry(orgId)])
  const [partition] = await owner`select tableoid::regclass::text as name from audit_logs where org_id = ${orgId}`
  for (const table of ['audit_logs', partition!.name]) {
    await expect(owner`update ${owner(table)} set action = 'x'`).rejects.toMatchObject({ code: '42501' })
    await expect(owner`delete from ${owner(table)}`).rejects.toMatchObject({ code: '42501' })
    await expect(owner`truncate ${owner(table)}`).rejects.toMatchObject({ code: '42501' })
  }
  await expect(owner`delete from audit_heads`).rejects.toMatchObject({ code: '42501' })
  await expect(owner`truncate audit_heads`).rejects.toMatchObject({ code: '42501' })
  await expect(owner`delete from organizations where id = ${orgId}`).rejects.toMatchObject({ code: '23503' })
})

describe('the log of an organization that goes', () => {
  const erase = (scope: Scope, orgId: string, atMost = 2) =>
    database.transaction(scope, (sql) => eraseAudit(sql, orgId, atMost))

  test('is erased part by part, and nothing else with it', async () => {
    const [mine, theirs] = [await newOrganization(), await newOrganization()]
    for (const orgId of [mine, theirs]) await append([1, 2, 3, 4, 5].map(() => auditEntry(orgId)))
    await expect(erase(inside(mine), mine)).rejects.toMatchObject({ code: '42501' })
    await owner`update organizations set deleting_at = now() where id = ${mine}`
    await expect(erase(inside(theirs), mine)).rejects.toMatchObject({ code: '42501' })
    await expect(erase(nobody, mine)).rejects.toMatchObject({ code: '42501' })
    const counts = [await erase(inside(mine), mine), await erase(inside(mine), mine), await erase(system, mine)]
    expect([...counts, await erase(system, mine)]).toEqual([2, 2, 1, 0])
    expect(await owner`select 1 from audit_heads where org_id = ${mine}`).toHaveLength(0)
    expect(await verify(theirs)).toMatchObject({ valid: true, entries: 5 })
    await owner`delete from organizations where id = ${mine}`
  })

  test('takes no entries any more once the organization is gone', async () => {
    const orgId = await newOrganization()
    await owner`delete from organizations where id = ${orgId}`
    await expect(append([auditEntry(orgId)])).rejects.toMatchObject({ code: '23503' })
  })
})

describe('partitions', () => {
  const partitionOf = async (orgId: string) => {
    const rows = await owner<{ name: string }[]>`
      select tableoid::regclass::text as name from audit_logs where org_id = ${orgId} order by sequence`
    return rows.map((row) => row.name)
  }
  const monthOf = (date: Date) => `audit_logs_${date.toISOString().slice(0, 7).replace('-', '_')}`

  test('hold their month in UTC, to the millisecond', async () => {
    const orgId = await newOrganization()
    const now = new Date()
    const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1))
    const last = new Date(next.getTime() - 1)
    await append([auditEntry(orgId, { occurredAt: last }), auditEntry(orgId, { occurredAt: next })])
    expect(await partitionOf(orgId)).toEqual([monthOf(last), monthOf(next)])
    expect(await verify(orgId)).toMatchObject({ valid: true, entries: 2 })
  })

  test('are there for any moment: what has no month of its own goes to the default', async () => {
    const orgId = await newOrganization()
    const moments = ['1999-12-31T23:59:59.999Z', '2399-01-01T00:00:00.000Z']
    await append(moments.map((moment) => auditEntry(orgId, { occurredAt: new Date(moment) })))
    expect(await partitionOf(orgId)).toEqual(['audit_logs_default', 'audit_logs_default'])
    expect(await verify(orgId)).toMatchObject({ valid: true, entries: 2 })
  })

  test('are made ahead once, with the walls of the others', async () => {
    const make = (months: number) =>
      database.transaction(system, (sql) => ensureMonthPartitions(sql, 'audit_logs', months))
    expect([await make(5), await make(5)]).toEqual([[], []])
    expect(await Promise.all([make(7), make(7)])).toEqual([[], []])
    const now = new Date()
    const name = monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 7)))
    const [made] = await owner`
      select relrowsecurity, relforcerowsecurity, relacl::text like '%adapt_app%' as granted from pg_class
      where oid = ${name}::text::regclass`
    expect(made).toMatchObject({ relrowsecurity: true, relforcerowsecurity: true })
    expect(made?.granted).not.toBe(true)
    await expect(owner`truncate ${owner(name)}`).rejects.toMatchObject({ code: '42501' })
  })

  test('that came too late are named, and their entries stay where they are', async () => {
    const orgId = await newOrganization()
    const now = new Date()
    const late = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 9, 15))
    await append([auditEntry(orgId, { occurredAt: late })])
    const made = await database.transaction(system, (sql) => ensureMonthPartitions(sql, 'audit_logs', 10))
    expect(made).toEqual([monthOf(late)])
    expect(await partitionOf(orgId)).toEqual(['audit_logs_default'])
    expect(await verify(orgId)).toMatchObject({ valid: true, entries: 1 })
    expect(await owner`select to_regclass(${monthOf(new Date(late.getTime() + 31 * 86_400_000))}) as name`).not.toEqual(
      [{ name: null }],
    )
  })
})

test('all of it works when the schema belongs to a role that is no superuser, as in production', async () => {
  const { url, drop } = await createTestDatabase(inject('clusterUrl'))
  const superuser = postgres(url, { max: 1, onnotice: () => {} })
  const role = `owner_${newId().replaceAll('-', '')}`
  await superuser.unsafe(`create role ${role} login createrole password 'x'`)
  await superuser.unsafe(`grant adapt_app to ${role} with admin option`)
  await superuser.unsafe(`grant all on schema public to ${role}`)
  const [ownerUrl, appUrl] = [new URL(url), new URL(url)]
  Object.assign(ownerUrl, { username: role, password: 'x' })
  Object.assign(appUrl, { username: 'adapt_app', password: appPassword })
  await migrate(ownerUrl.href, appPassword)
  const other = openDatabase({
    url: appUrl.href,
    poolSize: 2,
    connectTimeoutSeconds: 5,
    statementTimeoutSeconds: 10,
    applicationName: 'test',
  })
  try {
    const orgId = newId()
    await superuser`insert into organizations (id, name) values (${orgId}, 'o')`
    await append([auditEntry(orgId), auditEntry(orgId)], inside(orgId), other)
    await append([auditEntry(orgId)], system, other)
    expect(await verify(orgId, other)).toMatchObject({ valid: true, entries: 3 })
    expect(await other.transaction(system, (sql) => ensureMonthPartitions(sql, 'audit_logs', 12))).toEqual([])
    await other.transaction(system, (sql) => dropExpiredPartitions(sql))
    await superuser`update organizations set deleting_at = now() where id = ${orgId}`
    expect(await other.transaction(inside(orgId), (sql) => eraseAudit(sql, orgId, 100))).toBe(3)
    expect(await superuser`select 1 from audit_heads`).toHaveLength(0)
  } finally {
    await other.close()
    await superuser.end()
    await drop()
    const admin = postgres(inject('clusterUrl'), { max: 1, onnotice: () => {} })
    await admin.unsafe(`drop owned by ${role}; drop role ${role}`)
    await admin.end()
  }
})
