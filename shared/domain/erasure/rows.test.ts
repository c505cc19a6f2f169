import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { openUrlAsOwner } from '../../../tests/faults/invariants.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { countRows, eraseRows, type Selection } from './rows.ts'
import { listTenantTables, referringFirst } from './tables.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
const [mine, theirs] = [newId(), newId()]

/** A table of a later issue, which nobody has told the erasure of: in two partitions, so that rows share their ctid. */
const laterTables = `
  create table later_logs (org_id uuid not null, at integer not null, text text not null) partition by range (at);
  create table later_logs_early partition of later_logs for values from (0) to (1000);
  create table later_logs_late partition of later_logs for values from (1000) to (2000);
  create index on later_logs (org_id);
  create table later_parents (org_id uuid not null, id integer primary key, child integer);
  create table later_children (org_id uuid not null, id integer primary key, parent integer references later_parents);
  alter table later_parents add foreign key (child) references later_children (id) on delete set null;`

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = openUrlAsOwner(clone.ownerUrl)
  await owner.unsafe(laterTables)
  for (const table of ['later_logs', 'later_parents', 'later_children']) {
    await owner.unsafe(`
      alter table ${table} enable row level security;
      alter table ${table} force row level security;
      create policy tenant on ${table} using (org_id = app_org_id());
      grant select, insert, update, delete on ${table} to adapt_app`)
  }
  await owner`
    insert into later_logs
    select case when n % 3 = 0 then ${theirs}::uuid else ${mine}::uuid end, n, 'x' from generate_series(0, 1999) n`
  await owner`insert into later_parents values (${mine}, 1, null), (${theirs}, 2, null)`
  await owner`insert into later_children values (${mine}, 1, 1), (${theirs}, 2, 2)`
  await owner`update later_parents set child = id`
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

const everythingOf = (orgId: string): Selection => ({
  concerns: () => true,
  where: (sql) => sql`org_id = ${orgId}`,
})
const asTenant = <Result>(work: Parameters<typeof database.transaction<Result>>[1]) =>
  database.transaction({ ...nobody, orgId: mine, workspaceId: 'any' }, work)

describe('erasing rows', () => {
  test('comes to every table of tenants, also to those made later, and passes over what is shared', async () => {
    const names = (await asTenant(listTenantTables)).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['documents', 'later_logs', 'later_parents', 'later_children']))
    for (const name of ['organizations', 'users', 'processed_messages', 'later_logs_early']) {
      expect(names).not.toContain(name)
    }
    const at = (name: string) => names.indexOf(name)
    expect(at('evidence')).toBeLessThan(at('documents'))
    expect(at('documents')).toBeLessThan(at('jobs'))
    expect(at('jobs')).toBeLessThan(at('workspaces'))
  })

  test('takes at most so many rows at a time, from partitions and circles of tables too, and only of the one tenant', async () => {
    const rows = await asTenant((sql) => countRows(sql, everythingOf(mine)))
    const [{ count } = { count: 0 }] = await owner`select count(*)::integer from later_logs where org_id = ${mine}`
    expect(rows).toBe(count + 2)
    const parts: number[] = []
    do parts.push((await asTenant((sql) => eraseRows(sql, everythingOf(mine), 500))).rows)
    while (parts.at(-1) !== 0)
    expect(parts.every((part) => part <= 500)).toBe(true)
    expect(parts.reduce((sum, part) => sum + part)).toBe(rows)
    for (const table of ['later_logs', 'later_parents', 'later_children']) {
      expect(await owner`select 1 from ${owner(table)} where org_id = ${mine}`, table).toHaveLength(0)
    }
    expect(await owner`select 1 from later_logs where org_id = ${theirs}`).toHaveLength(667)
    expect(await owner`select 1 from later_parents where org_id = ${theirs} and child = 2`).toHaveLength(1)
  })
})

describe('the order of tables', () => {
  test('puts what refers in front of what is referred to, and comes to an end in a circle', () => {
    const tables = [
      { name: 'a', refersTo: ['b'] },
      { name: 'b', refersTo: ['c', 'organizations'] },
      { name: 'c', refersTo: [] },
      { name: 'x', refersTo: ['y'] },
      { name: 'y', refersTo: ['x', 'c'] },
    ]
    const names = referringFirst(tables.toReversed()).map(({ name }) => name)
    expect(names.toSorted()).toEqual(['a', 'b', 'c', 'x', 'y'])
    expect(names.indexOf('a')).toBeLessThan(names.indexOf('b'))
    expect(names.indexOf('b')).toBeLessThan(names.indexOf('c'))
    expect(names.indexOf('y')).toBeLessThan(names.indexOf('c'))
  })
})
