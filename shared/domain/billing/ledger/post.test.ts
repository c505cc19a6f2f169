import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { type AccountCode, accounts } from './accounts.ts'
import { type Posting, postTransaction } from './post.ts'
import {
  capturePosting,
  creditNotePosting,
  disputeHeldPosting,
  disputeLostPosting,
  disputeWonPosting,
  feePosting,
  invoicePosting,
  parkedReceiptPosting,
  parkedReceiptReleasedPosting,
  refundPosting,
  settlementPosting,
} from './postings.ts'

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
const scopeOf = (orgId: string | null): Scope => (orgId === null ? system : { ...nobody, orgId })
const post = (posting: Posting) => database.transaction(scopeOf(posting.orgId), (sql) => postTransaction(sql, posting))
const capture = (orgId: string, gatewayPaymentId: string, amountPaise = 118_00) =>
  capturePosting({ orgId, gatewayPaymentId, amountPaise, capturedAt: at })

/** Balances by account, as they are kept. */
async function balancesOf(orgId: string | null): Promise<Record<string, number>> {
  const rows = await owner<{ account: string; balance: string }[]>`
    select account, balance_paise::text as balance from ledger_balances
    where org_id is not distinct from ${orgId} and balance_paise <> 0 order by account`
  return Object.fromEntries(rows.map(({ account, balance }) => [account, Number(balance)]))
}

/** What is kept and isn't what the entries say. */
const wrongBalances = () => owner`
  with kept as (select org_id, account, currency, balance_paise, entries from ledger_balances),
    rebuilt as (select org_id, account, currency, sum(amount_paise)::bigint, count(*) from ledger_entries group by 1, 2, 3)
  (table kept except table rebuilt) union all (table rebuilt except table kept)`
const unbalanced = () => owner`
  select transaction_id from ledger_entries group by transaction_id, currency having sum(amount_paise) <> 0`

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
    await post(capture(newId(), newId()))
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

describe('postTransaction', () => {
  test('books a source once, whatever comes with it again, also in the same transaction', async () => {
    const [orgId, id] = [newId(), newId()]
    expect(await post(capture(orgId, id, 500))).toBe(true)
    expect(await post(capture(orgId, id, 500))).toBe(false)
    expect(await post(capture(orgId, id, 900))).toBe(false)
    // Nor for somebody else, who doesn't see that it is there.
    expect(await post(capture(newId(), id, 900))).toBe(false)
    const other = newId()
    const twice = await database.transaction(scopeOf(orgId), async (sql) => [
      await postTransaction(sql, capture(orgId, other, 7)),
      await postTransaction(sql, capture(orgId, other, 7)),
    ])
    expect(twice).toEqual([true, false])
    expect(await balancesOf(orgId)).toEqual({ '1100': 507, '2000': -507 })
  })

  test('leaves no trace when its transaction is rolled back, and can be done again then', async () => {
    const [orgId, id] = [newId(), newId()]
    const lost = database.transaction(scopeOf(orgId), async (sql) => {
      await postTransaction(sql, capture(orgId, id))
      throw new Error('crashed')
    })
    await expect(lost).rejects.toThrow('crashed')
    expect(await balancesOf(orgId)).toEqual({})
    expect(await post(capture(orgId, id))).toBe(true)
  })

  test('leaves out sides of nothing, and books nothing where nothing is left', async () => {
    const orgId = newId()
    const free = {
      id: newId(),
      org_id: orgId,
      number: 'RF/2627/000001',
      net_paise: 0,
      cgst_paise: 0,
      sgst_paise: 0,
      igst_paise: 0,
      total_paise: 0,
      issued_at: at,
    }
    expect(await post(invoicePosting(free))).toBe(false)
    const inclusive = { ...free, id: newId(), net_paise: 100, igst_paise: 18, total_paise: 118 }
    expect(await post(invoicePosting(inclusive))).toBe(true)
    expect(await balancesOf(orgId)).toEqual({ '2000': 118, '2130': -18, '4000': -100 })
  })

  test('books amounts to the last paisa up to what a number holds', async () => {
    const orgId = newId()
    await post(capture(orgId, newId(), Number.MAX_SAFE_INTEGER - 2))
    await post(capture(orgId, newId(), 1))
    expect(await balancesOf(orgId)).toMatchObject({ '1100': Number.MAX_SAFE_INTEGER - 1 })
  })

  test('refuses what isn’t a whole number of paise', async () => {
    await expect(post(capture(newId(), newId(), 100.5))).rejects.toThrow()
    await expect(post(capture(newId(), newId(), Number.NaN))).rejects.toThrow()
  })

  test('books for the company only in system scope', async () => {
    const settlement = settlementPosting({ gatewaySettlementId: newId(), amountPaise: 100, at })
    const tenant = database.transaction(scopeOf(newId()), (sql) => postTransaction(sql, settlement))
    await expect(tenant).rejects.toMatchObject({ code: '42501' })
    expect(await post(settlement)).toBe(true)
  })

  test('50 at once of one source are booked once; 50 of one organization are all booked, and so are several in any order', async () => {
    const [orgId, id] = [newId(), newId()]
    const same = await Promise.all(Array.from({ length: 50 }, () => post(capture(orgId, id, 1))))
    expect(same.filter(Boolean)).toHaveLength(1)
    await Promise.all(Array.from({ length: 50 }, () => post(capture(orgId, newId(), 1))))
    expect(await balancesOf(orgId)).toEqual({ '1100': 51, '2000': -51 })

    const receipt = () => parkedReceiptPosting({ gatewayPaymentId: newId(), amountPaise: 3, capturedAt: at })
    const settlement = () => settlementPosting({ gatewaySettlementId: newId(), amountPaise: 2, at })
    const before = await balancesOf(null)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        database.transaction(system, async (sql) => {
          for (const next of index % 2 ? [receipt, settlement] : [settlement, receipt])
            await postTransaction(sql, next())
        }),
      ),
    )
    const after = await balancesOf(null)
    expect(after['2900']).toBe((before['2900'] ?? 0) - 150)
    expect(after['1000']).toBe((before['1000'] ?? 0) + 100)
    expect(await wrongBalances()).toHaveLength(0)
  })
})

test('the chart of accounts here is the one in the database', async () => {
  const rows = await owner<{ code: string }[]>`select code from ledger_accounts order by code`
  expect(rows.map(({ code }) => code)).toEqual(Object.values(accounts).toSorted())
})

describe('the postings', () => {
  const document = {
    net_paise: 100_01,
    cgst_paise: 9_01,
    sgst_paise: 9_00,
    igst_paise: 0,
    total_paise: 118_02,
    number: 'N',
    issued_at: at.toISOString(),
  }

  test('a payment, its fee, its invoice and its refund with a credit note end with nothing owed but the tax on the fee', async () => {
    const orgId = newId()
    const [payment, refund] = [newId(), newId()]
    const booked = [
      capture(orgId, payment, 118_02),
      feePosting({ orgId, gatewayPaymentId: payment, feePaise: 2_79, feeTaxPaise: 43, at }),
      invoicePosting({ ...document, id: newId(), org_id: orgId }),
    ]
    for (const posting of booked) expect(await post(posting)).toBe(true)
    expect(await balancesOf(orgId)).toEqual({
      '1100': 115_23,
      '1300': 43,
      '2110': -9_01,
      '2120': -9_00,
      '4000': -100_01,
      '5000': 2_36,
    })
    await post(creditNotePosting({ ...document, id: newId(), org_id: orgId }))
    expect(await balancesOf(orgId)).toMatchObject({ '2000': -118_02 })
    await post(refundPosting({ orgId, gatewayRefundId: refund, amountPaise: 118_02, at }))
    expect(await balancesOf(orgId)).toEqual({ '1100': -2_79, '1300': 43, '5000': 2_36 })
  })

  test.each([
    ['won, after it was held back', 'won', true, {}],
    ['won, with nothing held back', 'won', false, {}],
    ['lost, after it was held back', 'lost', true, { '1100': -70, '5100': 70 }],
    ['lost, with nothing held back', 'lost', false, { '1100': -70, '5100': 70 }],
  ] as const)('a dispute %s', async (_what, outcome, wasHeld, balances) => {
    const orgId = newId()
    const dispute = { orgId, gatewayDisputeId: newId(), amountPaise: 70, at }
    if (wasHeld) {
      await post(disputeHeldPosting(dispute))
      expect(await balancesOf(orgId)).toEqual({ '1100': -70, '1150': 70 })
    }
    await post((outcome === 'won' ? disputeWonPosting : disputeLostPosting)({ ...dispute, wasHeld }))
    expect(await balancesOf(orgId)).toEqual(balances)
  })

  test('a receipt of nobody is parked, and ends there when it is paid back or has found its customer', async () => {
    const before = await balancesOf(null)
    const [found, returned, orgId] = [newId(), newId(), newId()]
    for (const gatewayPaymentId of [found, returned]) {
      await post(parkedReceiptPosting({ gatewayPaymentId, amountPaise: 40, capturedAt: at }))
    }
    expect((await balancesOf(null))['2900']).toBe((before['2900'] ?? 0) - 80)
    await post(parkedReceiptReleasedPosting({ gatewayPaymentId: found, amountPaise: 40, at }))
    await post(capture(orgId, found, 40))
    await post(refundPosting({ orgId: null, gatewayRefundId: newId(), amountPaise: 40, at }))
    expect(await balancesOf(null)).toEqual(before)
    expect(await balancesOf(orgId)).toEqual({ '1100': 40, '2000': -40 })
  })
})

const codes = Object.values(accounts)
const anyEntries = fc
  .array(fc.tuple(fc.constantFrom(...codes), fc.integer({ min: -(10 ** 12), max: 10 ** 12 })), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((sides) =>
    fc.constantFrom<AccountCode>(...codes).map((last): Posting['entries'] => {
      const entries = sides.map(([account, amountPaise]) => ({ account, amountPaise }))
      return [...entries, { account: last, amountPaise: -entries.reduce((sum, one) => sum + one.amountPaise, 0) }]
    }),
  )

test('whatever is posted, in any order, repeated or rolled back, balances, and the balances are those of the entries', async () => {
  const organizations = [newId(), newId(), null]
  const step = fc.record({
    who: fc.nat({ max: organizations.length - 1 }),
    // Few, so that they are repeated.
    source: fc.nat({ max: 12 }),
    entries: anyEntries,
    isLost: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.uuid(), async (steps, run) => {
      const expected = new Map<string, Posting>()
      for (const { who, source, entries, isLost } of steps) {
        const orgId = organizations[who]!
        const posting: Posting = {
          source: `${run}:${source}`,
          kind: 'test',
          orgId: orgId ?? null,
          description: 'd',
          occurredAt: at,
          entries,
        }
        const done = database.transaction(scopeOf(posting.orgId), async (sql) => {
          const booked = await postTransaction(sql, posting)
          if (isLost) throw new Error('lost')
          return booked
        })
        if (isLost) {
          await expect(done).rejects.toThrow('lost')
          continue
        }
        const isNew = !expected.has(posting.source) && entries.some((entry) => entry.amountPaise !== 0)
        expect(await done).toBe(isNew)
        if (isNew) expected.set(posting.source, posting)
      }
      const written = await owner<{ source: string; account: string; paise: string }[]>`
        select t.source, e.account, e.amount_paise::text as paise from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id where t.source like ${`${run}:%`} order by t.source, e.line`
      const wanted = [...expected.values()]
        .toSorted((a, b) => (a.source < b.source ? -1 : 1))
        .flatMap(({ source, entries }) =>
          entries
            .filter((entry) => entry.amountPaise !== 0)
            .map((entry) => [source, entry.account, String(entry.amountPaise)]),
        )
      expect(written.map(({ source, account, paise }) => [source, account, paise])).toEqual(wanted)
      expect(await unbalanced()).toHaveLength(0)
      expect(await wrongBalances()).toHaveLength(0)
    }),
    { numRuns: 40 },
  )
})
