import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { postTransaction } from './post.ts'
import { capturePosting } from './postings.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(8, 30)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {}, types: { bigint: postgres.BigInt } })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

const at = new Date('2026-11-21T10:00:00.000Z')
const scopeOf = (orgId: string): Scope => ({ ...nobody, orgId })
const capture = (orgId: string, gatewayPaymentId: string, amountPaise = 118_00) =>
  capturePosting({ orgId, gatewayPaymentId, amountPaise, capturedAt: at })

/** What is kept and isn't what the entries say. */
const wrongBalances = () => owner`
  with kept as (select org_id, account, currency, balance_paise, entries from ledger_balances),
    rebuilt as (select org_id, account, currency, sum(amount_paise)::bigint, count(*) from ledger_entries group by 1, 2, 3)
  (table kept except table rebuilt) union all (table rebuilt except table kept)`

/** Writes by itself what `postTransaction` would write right. */
function write(
  sql: Sql,
  orgId: string,
  entries: readonly (readonly [account: string, paise: number])[],
  options: { line?: number; entryOrgId?: string } = {},
) {
  const id = newId()
  const rows = entries.map(([account, amount_paise], index) => ({
    line: index + (options.line ?? 1),
    account,
    amount_paise,
  }))
  return sql`
    with made as (
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      values (${id}, ${orgId}, ${`test:${id}`}, 'test', 'd', ${at}) returning id
    )
    insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
    select made.id, line, ${options.entryOrgId ?? orgId}, account, amount_paise
    from made, jsonb_to_recordset(${sql.json(rows)}) as entry (line smallint, account text, amount_paise bigint)`
}

describe('what the database itself refuses', () => {
  const inOrganization = async (statement: (sql: Sql, orgId: string) => PromiseLike<unknown>) => {
    const orgId = newId()
    await database.transaction(scopeOf(orgId), (sql) => postTransaction(sql, capture(orgId, newId())))
    return database.transaction(scopeOf(orgId), async (sql) => void (await statement(sql, orgId)))
  }

  test.each<[what: string, code: string, statement: (sql: Sql, orgId: string) => PromiseLike<unknown>]>([
    [
      'sides that differ by one paisa',
      '23514',
      (sql, org) =>
        write(sql, org, [
          ['1100', 100],
          ['2000', -99],
        ]),
    ],
    ['one side alone', '23514', (sql, org) => write(sql, org, [['1100', 100]])],
    [
      'a side of nothing',
      '23514',
      (sql, org) =>
        write(sql, org, [
          ['1100', 0],
          ['2000', 0],
        ]),
    ],
    ['no entries', '23514', (sql, org) => write(sql, org, [])],
    [
      'an account that isn’t in the chart',
      '23503',
      (sql, org) =>
        write(sql, org, [
          ['1101', 1],
          ['2000', -1],
        ]),
    ],
    [
      'lines that leave room before them',
      '23514',
      (sql, org) =>
        write(
          sql,
          org,
          [
            ['1100', 1],
            ['2000', -1],
          ],
          { line: 2 },
        ),
    ],
    [
      'entries of another organization than the transaction’s',
      '42501',
      (sql, org) =>
        write(
          sql,
          org,
          [
            ['1100', 1],
            ['2000', -1],
          ],
          { entryOrgId: newId() },
        ),
    ],
    [
      'a transaction of another organization',
      '42501',
      (sql) =>
        write(sql, newId(), [
          ['1100', 1],
          ['2000', -1],
        ]),
    ],
    [
      'a header whose entries would come later',
      '23514',
      (sql, org) => sql`
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      values (${newId()}, ${org}, ${newId()}, 'test', 'd', ${at})`,
    ],
    [
      'later entries, even balanced ones',
      '23514',
      (sql, org) => sql`
      insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
      select id, line, org_id, account, paise
      from ledger_transactions, (values (3, '1100', 1), (4, '2000', -1)) as late (line, account, paise)
      where org_id = ${org}`,
    ],
    [
      'later entries in the place of those that are there',
      '23505',
      (sql, org) => sql`
      insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
      select id, line, org_id, account, paise
      from ledger_transactions, (values (1, '1100', 1), (2, '2000', -1)) as late (line, account, paise)
      where org_id = ${org}`,
    ],
    [
      'entries of a transaction that isn’t there',
      '23503',
      (sql, org) => sql`
      insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
      values (${org}, 1, ${org}, '1100', 1), (${org}, 2, ${org}, '2000', -1)`,
    ],
    [
      'a transaction that was posted at another time than now',
      '42501',
      (sql, org) => sql`
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at, posted_at)
      values (${newId()}, ${org}, ${newId()}, 'test', 'd', ${at}, ${at})`,
    ],
    ['an edited entry', '42501', (sql) => sql`update ledger_entries set amount_paise = amount_paise * 2`],
    ['an edited transaction', '42501', (sql) => sql`update ledger_transactions set description = 'other'`],
    ['a deleted entry', '42501', (sql) => sql`delete from ledger_entries`],
    ['a deleted transaction', '42501', (sql) => sql`delete from ledger_transactions`],
    ['an emptied ledger', '42501', (sql) => sql`truncate ledger_entries`],
    ['a balance of somebody’s choosing', '42501', (sql) => sql`update ledger_balances set balance_paise = 0`],
    [
      'a balance that no entry made',
      '42501',
      (sql, org) => sql`
      insert into ledger_balances (org_id, account, currency, balance_paise, entries) values (${org}, '1000', 'INR', 1, 1)`,
    ],
    ['a forgotten balance', '42501', (sql) => sql`delete from ledger_balances`],
    [
      'an account of somebody’s choosing',
      '42501',
      (sql) => sql`insert into ledger_accounts (code, name, kind) values ('9999', 'Mine', 'asset')`,
    ],
  ])('%s', async (_what, code, statement) => {
    await expect(inOrganization(statement)).rejects.toMatchObject({ code })
    expect(await wrongBalances()).toHaveLength(0)
  })

  test('the keeper of balances at work for a table of somebody’s own', async () => {
    const forged = inOrganization(async (sql) => {
      await sql`create temporary table forged (org_id uuid, transaction_id uuid, line smallint, account text,
        currency text, amount_paise bigint)`
      await sql`create trigger forged after insert on forged referencing new table as written
        for each statement execute function public.ledger_entries_written()`
    })
    await expect(forged).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('ledger_entries_written'),
    })
  })

  test('changes by the owner of the schema, who has every right', async () => {
    const orgId = newId()
    await database.transaction(scopeOf(orgId), (sql) => postTransaction(sql, capture(orgId, newId())))
    for (const table of ['ledger_entries', 'ledger_transactions']) {
      for (const change of [`update ${table} set org_id = null`, `delete from ${table}`, `truncate ${table} cascade`]) {
        await expect(owner.unsafe(change), change).rejects.toMatchObject({ code: '23001' })
      }
    }
    const id = newId()
    const late = owner`insert into ledger_transactions (id, source, kind, description, occurred_at)
      values (${id}, ${id}, 'test', 'd', now())`
    await expect(late).rejects.toMatchObject({ code: '23514' })
  })

  test('a currency that isn’t kept here', async () => {
    const id = newId()
    const foreign = owner`
      with made as (insert into ledger_transactions (id, source, kind, description, occurred_at)
        values (${id}, ${id}, 'test', 'd', now()) returning id)
      insert into ledger_entries (transaction_id, line, account, currency, amount_paise)
      select id, line, account, 'USD', paise from made, (values (1, '1100', 1), (2, '2000', -1)) as e (line, account, paise)`
    await expect(foreign).rejects.toMatchObject({ code: '23514' })
  })
})
