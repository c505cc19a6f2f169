import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { checkInvariants, invariants } from './invariants.ts'
import { type Posting, postTransaction } from './post.ts'
import {
  capturePosting,
  creditNotePosting,
  disputeHeldPosting,
  disputeLostPosting,
  feePosting,
  invoicePosting,
  parkedReceiptPosting,
  refundPosting,
  settlementPosting,
} from './postings.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
const now = new Date()
const at = new Date(now.getTime() - 86_400_000)
const inAMonth = new Date(now.getTime() + 30 * 86_400_000)

/** Two organizations that have bought: one keeps it, one was paid back and has a dispute. */
const ids = Object.fromEntries(
  ['kept', 'returned', 'keptOrder', 'returnedOrder', 'keptInvoice', 'returnedInvoice', 'note', 'subscription'].map(
    (name) => [name, newId()],
  ),
) as Record<string, string>
const amounts = { net_paise: 100_00, cgst_paise: 0, sgst_paise: 0, igst_paise: 18_00, total_paise: 118_00 }

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  await owner`insert into plans (id, name, rank) values ('bought', 'Bought', 32000)`
  await owner`insert into organizations (id, name) values (${ids.kept!}, 'k'), (${ids.returned!}, 'r')`
  await sell('kept', 1)
  await sell('returned', 2)
  await owner`insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise,
      current_period_start, current_period_end)
    values (${ids.subscription!}, ${ids.kept!}, 'bought', 'month', 3, 'active', 'order', 10000, ${at}, ${inAMonth})`
  await owner`insert into entitlements (org_id, plan_id, seats, until) values (${ids.kept!}, 'bought', 3, ${inAMonth})`
  await owner`insert into entitlements (org_id, plan_id, seats, by_contract) values (${ids.returned!}, 'bought', 9, true)`
  await payBack()
  await dispute()
  await post(parkedReceiptPosting({ gatewayPaymentId: 'pay_parked', amountPaise: 5_00, capturedAt: at }))
  await post(feePosting({ orgId: null, gatewayPaymentId: 'pay_parked', feePaise: 10, feeTaxPaise: 1, at }))
  await owner`insert into settlements (gateway_settlement_id, amount_paise, status, settled_at) values ('setl_1', 9000, 'processed', ${at})`
  await post(settlementPosting({ gatewaySettlementId: 'setl_1', amountPaise: 90_00, at }))
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

async function post(posting: Posting): Promise<void> {
  const scope = posting.orgId === null ? system : { ...nobody, orgId: posting.orgId }
  expect(await database.transaction(scope, (sql) => postTransaction(sql, posting))).toBe(true)
}

async function sell(name: 'kept' | 'returned', serial: number): Promise<void> {
  const [orgId, order, invoice, payment] = [ids[name]!, ids[`${name}Order`]!, ids[`${name}Invoice`]!, newId()]
  await owner`insert into payments (id, org_id, gateway_payment_id, status, amount_paise, fee_paise, fee_tax_paise, purpose,
      captured_at, created_at, updated_at)
    values (${payment}, ${orgId}, ${`pay_${name}`}, 'captured', 11800, 279, 43, 'order', ${at}, ${at}, ${at})`
  await owner`insert into orders (id, org_id, kind, collection, plan_id, period, seats, lines, receipt, status, fulfilled_at,
      payment_id, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise)
    values (${order}, ${orgId}, 'start', 'checkout', 'bought', 'month', 3, '[]', ${order}, 'paid', ${at}, ${payment},
      10000, 0, 0, 1800, 11800)`
  const number = `RF/2627/00000${serial}`
  await owner`insert into invoices (id, org_id, kind, status, financial_year, serial, number, order_id, payment_id, issued_at,
      seller, buyer, place_of_supply, tax_kind, lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise)
    values (${invoice}, ${orgId}, 'invoice', 'final', '2026-27', ${serial}, ${number}, ${order}, ${payment}, ${at}, '{}', '{}',
      '29', 'inter-state', '[]', 10000, 0, 0, 1800, 11800)`
  await owner`insert into invoice_series (financial_year, kind, next_serial) values ('2026-27', 'invoice', ${serial + 1})
    on conflict (financial_year, kind) do update set next_serial = excluded.next_serial`
  await post(capturePosting({ orgId, gatewayPaymentId: `pay_${name}`, amountPaise: 118_00, capturedAt: at }))
  await post(feePosting({ orgId, gatewayPaymentId: `pay_${name}`, feePaise: 2_79, feeTaxPaise: 43, at }))
  await post(invoicePosting({ ...amounts, id: invoice, org_id: orgId, number, issued_at: at }))
}

async function payBack(): Promise<void> {
  const orgId = ids.returned!
  await owner`insert into refunds (id, org_id, payment_id, gateway_refund_id, amount_paise, status, purpose)
    select ${newId()}, org_id, id, 'rfnd_1', 11800, 'processed', 'sale' from payments where gateway_payment_id = 'pay_returned'`
  await owner`update payments set status = 'refunded', refunded_paise = 11800 where gateway_payment_id = 'pay_returned'`
  await owner`insert into invoices (id, org_id, kind, status, financial_year, serial, number, credits_id, issued_at,
      seller, buyer, place_of_supply, tax_kind, lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise)
    values (${ids.note!}, ${orgId}, 'credit_note', 'final', '2026-27', 1, 'RC/2627/000001', ${ids.returnedInvoice!}, ${at}, '{}',
      '{}', '29', 'inter-state', '[]', 10000, 0, 0, 1800, 11800)`
  await owner`insert into invoice_series (financial_year, kind, next_serial) values ('2026-27', 'credit_note', 2)`
  await owner`update invoices set status = 'void' where id = ${ids.returnedInvoice!}`
  await post(creditNotePosting({ ...amounts, id: ids.note!, org_id: orgId, number: 'RC/2627/000001', issued_at: at }))
  await post(refundPosting({ orgId, gatewayRefundId: 'rfnd_1', amountPaise: 118_00, at }))
}

async function dispute(): Promise<void> {
  const orgId = ids.kept!
  for (const [id, status] of [
    ['disp_open', 'open'],
    ['disp_lost', 'lost'],
  ]) {
    await owner`insert into disputes (id, org_id, payment_id, gateway_dispute_id, amount_paise, deducted_paise, status, created_at)
      select ${newId()}, org_id, id, ${id!}, 700, 700, ${status!}, ${at} from payments where gateway_payment_id = 'pay_kept'`
    await post(disputeHeldPosting({ orgId, gatewayDisputeId: id!, amountPaise: 7_00, at }))
  }
  await post(disputeLostPosting({ orgId, gatewayDisputeId: 'disp_lost', amountPaise: 7_00, wasHeld: true, at }))
}

const broken = async (sql: Sql) =>
  (await checkInvariants(sql, now)).filter(({ holds }) => !holds).map(({ invariant }) => invariant)

/** Does to the database what only its owner could, looks, and takes it back. */
async function brokenBy(statement: string): Promise<string[]> {
  let found: string[] = []
  const rolledBack = owner.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    const changed = await sql.unsafe(statement)
    expect(changed.count, 'rows that were changed').toBeGreaterThan(0)
    found = await broken(sql)
    throw new Error('rolled back')
  })
  await expect(rolledBack).rejects.toThrow('rolled back')
  return found
}

test('of what was sold, paid back, disputed, parked and settled, all holds', async () => {
  const results = await database.transaction(system, (sql) => checkInvariants(sql, now))
  expect(results.filter(({ holds }) => !holds)).toEqual([])
  expect(results.map(({ invariant }) => invariant)).toEqual(invariants.map(({ name }) => name))
})

const entry = (source: string, account: string) =>
  `(select e.transaction_id from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
    where t.source = '${source}' and e.account = '${account}') and account = '${account}'`

const breakages: [what: string, statement: string, broken: string[]][] = [
  [
    'an entry that was edited',
    `update ledger_entries set amount_paise = amount_paise + 1 where transaction_id = ${entry('payment:pay_kept', '2000')}`,
    ['transactions-balanced', 'balances-rebuilt'],
  ],
  [
    'an entry that is gone',
    `delete from ledger_entries where transaction_id = ${entry('fee:pay_kept', '1300')}`,
    ['transactions-balanced', 'balances-rebuilt'],
  ],
  [
    'an entry of another organization',
    `update ledger_entries set org_id = null where transaction_id = ${entry('payment:pay_kept', '2000')}`,
    ['transactions-balanced', 'balances-rebuilt'],
  ],
  [
    'a transaction without entries',
    `insert into ledger_transactions (id, source, kind, description, occurred_at) values (gen_random_uuid(), 'empty', 'test', 'd', now())`,
    ['transactions-balanced'],
  ],
  [
    'a balance that was edited',
    `update ledger_balances set balance_paise = balance_paise - 1 where account = '4000'`,
    ['balances-rebuilt'],
  ],
  [
    'a balance that is gone',
    `delete from ledger_balances where account = '4000' and org_id = '${ids.kept}'`,
    ['balances-rebuilt'],
  ],
  [
    'a balance of nothing',
    `insert into ledger_balances values ('${ids.kept}', '1900', 'INR', 0, 1)`,
    ['balances-rebuilt'],
  ],
  [
    'advances below zero',
    `update ledger_balances set balance_paise = 1 where account = '2000' and org_id = '${ids.kept}'`,
    ['balances-rebuilt', 'advances-covered'],
  ],
  [
    'a payment that wasn’t booked',
    `insert into payments (id, org_id, gateway_payment_id, status, amount_paise, captured_at, created_at) values (gen_random_uuid(), '${ids.kept}', 'pay_x', 'captured', 1, now(), now())`,
    ['clearing-explained', 'captures-booked-once'],
  ],
  [
    'a payment of another amount than was booked',
    `update payments set amount_paise = 11900 where gateway_payment_id = 'pay_kept'`,
    ['clearing-explained', 'captures-booked-once', 'fulfilled-orders-paid'],
  ],
  [
    'a booked payment that is nowhere',
    `update payments set gateway_payment_id = 'other' where gateway_payment_id = 'pay_kept'`,
    ['captures-booked-once', 'fees-booked-once'],
  ],
  [
    'a payment that paid for nothing',
    `update payments set purpose = null where gateway_payment_id = 'pay_kept'`,
    ['captures-explained'],
  ],
  [
    'a fee that wasn’t booked',
    `update payments set fee_paise = 300 where gateway_payment_id = 'pay_kept'`,
    ['clearing-explained', 'fees-booked-once'],
  ],
  ['a refund that wasn’t booked', `update refunds set gateway_refund_id = 'other'`, ['refunds-booked-once']],
  [
    'a refund beyond the payment',
    `insert into refunds (id, org_id, payment_id, amount_paise, status, purpose) select gen_random_uuid(), org_id, payment_id, 1, 'processed', 'sale' from refunds`,
    ['clearing-explained', 'refunds-booked-once', 'refunds-within-payments'],
  ],
  [
    'a receipt that is parked though its customer was found',
    `update ledger_transactions set posted_at = now() - interval '2 days',
      source = case source when 'parked:pay_parked' then 'parked:pay_kept' else source end`,
    ['receipts-parked-or-known'],
  ],
  [
    'a dispute that is decided, but still held back',
    `update disputes set status = 'won' where gateway_dispute_id = 'disp_open'`,
    ['disputes-booked'],
  ],
  [
    'a lost dispute that isn’t booked',
    `update disputes set gateway_dispute_id = 'other' where gateway_dispute_id = 'disp_lost'`,
    ['disputes-booked'],
  ],
  [
    'a settlement that wasn’t booked',
    `update settlements set amount_paise = 8999`,
    ['clearing-explained', 'settlements-booked-once'],
  ],
  [
    'a fulfilled order without a payment',
    `update orders set payment_id = null where id = '${ids.keptOrder}'`,
    ['captures-explained', 'fulfilled-orders-paid'],
  ],
  [
    'two orders of one payment',
    `insert into orders select (json_populate_record(o, json_build_object('id', gen_random_uuid(), 'receipt', 'twin'))).* from orders o where id = '${ids.keptOrder}'`,
    ['fulfilled-orders-paid', 'orders-invoiced-once'],
  ],
  [
    'a fulfilled order without an invoice',
    `update invoices set order_id = null where id = '${ids.keptInvoice}'`,
    ['orders-invoiced-once'],
  ],
  [
    'an invoice of an order that wasn’t fulfilled',
    `update orders set fulfilled_at = null where id = '${ids.keptOrder}'`,
    ['captures-explained', 'orders-invoiced-once'],
  ],
  [
    'an invoice with another tax than is booked',
    `update invoices set igst_paise = 1700, cgst_paise = 100 where id = '${ids.keptInvoice}'`,
    ['documents-booked-once'],
  ],
  [
    'an invoice that wasn’t booked',
    `update ledger_transactions set source = 'invoice:other' where source = 'invoice:${ids.keptInvoice}'`,
    ['documents-booked-once'],
  ],
  [
    'a credit note that is booked as an invoice',
    `update ledger_entries set amount_paise = -amount_paise where transaction_id = (select id from ledger_transactions where source = 'credit-note:${ids.note}')`,
    ['balances-rebuilt', 'documents-booked-once'],
  ],
  [
    'an invoice that is void without being credited',
    `update invoices set status = 'void' where id = '${ids.keptInvoice}'`,
    ['credits-within-invoices'],
  ],
  [
    'a credit note beyond its invoice',
    `update invoices set igst_paise = 1700, net_paise = 10100 where id = '${ids.note}'`,
    ['documents-booked-once', 'credits-within-invoices'],
  ],
  [
    'a number that is missing',
    `update invoices set serial = 3, number = 'RF/2627/000003' where serial = 2`,
    ['invoice-numbers-consecutive'],
  ],
  [
    'a number that was taken and not used',
    `update invoice_series set next_serial = next_serial + 1 where kind = 'credit_note'`,
    ['invoice-numbers-consecutive'],
  ],
  [
    'an organization that may use nothing of what it paid',
    `delete from entitlements where org_id = '${ids.kept}'`,
    ['entitlements-paid-for'],
  ],
  [
    'an organization with seats it didn’t pay',
    `update entitlements set seats = 4 where org_id = '${ids.kept}'`,
    ['entitlements-paid-for'],
  ],
  [
    'an organization whose contract is over, and that may not use what it pays for',
    `update entitlements set by_contract = true, until = now() - interval '1 day' where org_id = '${ids.kept}'`,
    ['entitlements-paid-for'],
  ],
  [
    'an organization that may use what nobody pays',
    `update entitlements set by_contract = false`,
    ['entitlements-paid-for'],
  ],
  [
    'a plan that is used for ever',
    `update entitlements set until = null where org_id = '${ids.kept}'`,
    ['entitlements-paid-for'],
  ],
]

test.each(breakages)('%s is found, and nothing else is said to be wrong', async (_what, statement, expected) => {
  expect(await brokenBy(statement)).toEqual(expected)
})

test('each invariant is broken by something above', () => {
  const found = new Set(breakages.flatMap(([, , names]) => names))
  expect([...found].toSorted()).toEqual(invariants.map(({ name }) => name).toSorted())
})

test('what breaks an invariant is named, of whichever organization', async () => {
  await owner`insert into payments (id, org_id, gateway_payment_id, status, amount_paise, captured_at, created_at)
    values (${newId()}, ${ids.returned!}, 'pay_lost', 'captured', 42, now(), now())`
  const results = await database.transaction(system, (sql) => checkInvariants(sql, now))
  expect(results.find(({ invariant }) => invariant === 'captures-booked-once')).toEqual({
    invariant: 'captures-booked-once',
    holds: false,
    violations: [{ subject: 'pay_lost', org_id: ids.returned, expected: '42', found: null }],
  })
})
