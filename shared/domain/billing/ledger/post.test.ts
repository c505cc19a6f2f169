import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
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

  test('a receipt of nobody is parked, and is parked no more when it is paid back', async () => {
    const before = await balancesOf(null)
    await post(parkedReceiptPosting({ gatewayPaymentId: newId(), amountPaise: 40, capturedAt: at }))
    expect((await balancesOf(null))['2900']).toBe((before['2900'] ?? 0) - 40)
    await post(refundPosting({ orgId: null, gatewayRefundId: newId(), amountPaise: 40, at }))
    expect(await balancesOf(null)).toEqual(before)
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
