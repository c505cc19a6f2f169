import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { type Posting, postTransaction } from './post.ts'
import { capturePosting, creditNotePosting, feePosting, invoicePosting, refundPosting } from './postings.ts'
import { readSpan, readStatement } from './statement.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

const day = (number: number) => new Date(Date.UTC(2026, 10, number))

async function post(posting: Posting): Promise<void> {
  await database.transaction({ ...nobody, orgId: posting.orgId }, (sql) => postTransaction(sql, posting))
}

const read = (orgId: string, from: Date, to: Date, scopeOrgId = orgId) =>
  database.transaction({ ...nobody, orgId: scopeOrgId }, (sql) => readStatement(sql, { orgId, from, to }))

/** What was issued, as its row and as it is booked. */
async function issue(orgId: string, kind: 'invoice' | 'credit_note', issuedAt: Date, creditsId: string | null = null) {
  const document = {
    id: newId(),
    org_id: orgId,
    number: newId().slice(-12).toUpperCase(),
    net_paise: 100_00,
    cgst_paise: 0,
    sgst_paise: 0,
    igst_paise: 18_00,
    total_paise: 118_00,
    issued_at: issuedAt,
  }
  const [count] = await owner`select count(*)::int + 1 as next from invoices where kind = ${kind}`
  await owner`
    insert into invoices (id, org_id, kind, status, financial_year, serial, number, credits_id, issued_at, seller, buyer,
      place_of_supply, tax_kind, lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise)
    values (${document.id}, ${orgId}, ${kind}, 'final', '2026-27', ${count?.next}, ${document.number}, ${creditsId}, ${issuedAt},
      '{}', '{}', '29', 'inter-state', '[]', 10000, 0, 0, 1800, 11800)`
  await post((kind === 'invoice' ? invoicePosting : creditNotePosting)(document))
  return document
}

/** Pays on the 1st, is invoiced on the 2nd, credited on the 5th, paid back on the 8th; the fee is none of its business. */
async function live(orgId: string) {
  const gatewayPaymentId = newId()
  const gatewayRefundId = newId()
  await post(capturePosting({ orgId, gatewayPaymentId, amountPaise: 118_00, capturedAt: day(1) }))
  await post(feePosting({ orgId, gatewayPaymentId, feePaise: 2_00, feeTaxPaise: 36, at: day(1) }))
  const invoice = await issue(orgId, 'invoice', day(2))
  const note = await issue(orgId, 'credit_note', day(5), invoice.id)
  await post(refundPosting({ orgId, gatewayRefundId, amountPaise: 118_00, at: day(8) }))
  return { gatewayPaymentId, gatewayRefundId, invoice, note }
}

test('a statement shows each line with its document and the balance after it, and begins and ends with the balance', async () => {
  const orgId = newId()
  await live(newId())
  const { gatewayPaymentId, gatewayRefundId, invoice, note } = await live(orgId)
  const whole = await read(orgId, day(1), day(30))
  expect(whole).toMatchObject({ opening_balance_paise: 0, closing_balance_paise: 0, currency: 'INR', truncated: false })
  expect(
    whole.lines.map(({ kind, reference, document_id, amount_paise, balance_paise }) => [
      kind,
      reference,
      document_id,
      amount_paise,
      balance_paise,
    ]),
  ).toEqual([
    ['payment', gatewayPaymentId, null, 118_00, 118_00],
    ['invoice', invoice.number, invoice.id, -118_00, 0],
    ['credit-note', note.number, note.id, 118_00, 118_00],
    ['refund', gatewayRefundId, null, -118_00, 0],
  ])
  expect(whole.lines[0]?.occurred_at).toBe('2026-11-01T00:00:00.000Z')
})

test('statements one after the other begin where the one before ended, and together have each line once', async () => {
  const orgId = newId()
  await live(orgId)
  const parts = [
    await read(orgId, day(1), day(2)),
    await read(orgId, day(2), day(6)),
    await read(orgId, day(6), day(9)),
  ]
  expect(parts.map((part) => [part.opening_balance_paise, part.closing_balance_paise])).toEqual([
    [0, 118_00],
    [118_00, 118_00],
    [118_00, 0],
  ])
  const whole = await read(orgId, day(1), day(9))
  expect(parts.flatMap((part) => part.lines)).toEqual(whole.lines)
})

test('nothing of another organization is in a statement, and nobody reads another’s', async () => {
  const [mine, theirs] = [newId(), newId()]
  await live(theirs)
  expect(await read(mine, day(1), day(30))).toMatchObject({ closing_balance_paise: 0, lines: [] })
  expect(await read(theirs, day(1), day(9), mine)).toMatchObject({ closing_balance_paise: 0, lines: [] })
})

test('a statement of more than a thousand lines says so, and its balances are of all', async () => {
  const orgId = newId()
  await owner`
    with made as (
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      select gen_random_uuid(), ${orgId}, 'many:' || n || ${orgId}, 'payment', 'd', ${day(3)} from generate_series(1, 1001) n
      returning id, org_id
    )
    insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
    select id, line, org_id, account, paise from made, (values (1, '1100', 5), (2, '2000', -5)) as e (line, account, paise)`
  const statement = await read(orgId, day(1), day(9))
  expect(statement.lines).toHaveLength(1000)
  expect(statement).toMatchObject({ truncated: true, closing_balance_paise: 5005 })
})

test('the span is the last 92 days unless told, and neither empty, nor longer than a year, nor of days that don’t exist', () => {
  const now = day(21)
  expect(readSpan({}, now)).toEqual({ from: new Date('2026-08-21T00:00:00.000Z'), to: now })
  const year = readSpan({ from: '2025-04-01T00:00:00Z', to: '2026-04-01T00:00:00Z' }, now)
  expect(year.from).toEqual(new Date('2025-04-01T00:00:00.000Z'))
  for (const query of [
    { from: now.toISOString() },
    { from: '2025-01-01T00:00:00Z' },
    { from: '2026-02-30T99:00:00Z' },
  ]) {
    expect(() => readSpan(query, now)).toThrow('not valid')
  }
})
