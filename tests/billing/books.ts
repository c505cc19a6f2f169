import type postgres from 'postgres'
import { expect } from 'vitest'
import { checkInvariants } from '#shared/domain/billing/ledger/invariants.ts'
import { type Database, system } from '#shared/platform/database/index.ts'

/** What somebody may use: a plan with its seats; null: nothing beyond the default plan. */
export type Entitled = { plan: string; seats: number } | null

export interface Books {
  database: Database
  /** Past all walls. */
  owner: postgres.Sql
  /** The moment at which the books are looked at. */
  now: Date
}

/**
 * What must not be after everything was delivered, asked of the rows themselves and without the ledger's own cached sums:
 * a second opinion beside the invariants that run in production.
 */
const violations: Record<string, string> = {
  'an order with two payments': `
    select order_id from payments where purpose = 'order' group by order_id having count(*) > 1`,
  'a fulfilled order without exactly one invoice': `
    select o.id from orders o where o.fulfilled_at is not null
      and (select count(*) from invoices i where i.order_id = o.id and i.kind = 'invoice' and i.number is not null) <> 1`,
  'an invoice of an order that was not fulfilled': `
    select i.number from invoices i left join orders o on o.id = i.order_id
    where i.kind = 'invoice' and o.fulfilled_at is null`,
  'a draft that was left': `select id from invoices where number is null`,
  'a captured payment that is for nothing, and nobody was told': `
    select gateway_payment_id from payments p where captured_at is not null and purpose is null
      and not exists (select from billing_differences d where d.subject = p.gateway_payment_id and d.status = 'open')`,
  'a surplus that is not being paid back': `
    select gateway_payment_id from payments p where purpose = 'surplus'
      and amount_paise <> (select coalesce(sum(amount_paise), 0) from refunds r where r.payment_id = p.id and r.status <> 'failed')`,
  'a refund that is not counted in its payment': `
    select gateway_payment_id from payments p where refunded_paise
      <> (select coalesce(sum(amount_paise), 0) from refunds r where r.payment_id = p.id and r.status = 'processed')
      and captured_at is not null`,
  'a refund of a sale without its credit note, or with another amount': `
    select r.gateway_refund_id from refunds r left join invoices c on c.refund_id = r.id and c.kind = 'credit_note'
    where r.purpose = 'sale' and r.status = 'processed' and c.total_paise is distinct from r.amount_paise`,
  'a ledger transaction that does not balance': `
    select transaction_id from ledger_entries group by transaction_id, currency having sum(amount_paise) <> 0`,
  'advances of a customer that the documents do not explain': `
    select o.org_id, o.paise, e.paise as booked from (
      select org_id, sum(paise) as paise from (
        select org_id, -amount_paise as paise from payments where captured_at is not null
        union all select org_id, amount_paise from refunds where status = 'processed'
        union all select org_id, total_paise from invoices where kind = 'invoice' and number is not null
        union all select org_id, -total_paise from invoices where kind = 'credit_note' and number is not null
      ) documents group by org_id) o
    full join (select org_id, sum(amount_paise) as paise from ledger_entries where account = '2000' and org_id is not null
      group by org_id) e on e.org_id = o.org_id
    where coalesce(o.paise, 0) <> coalesce(e.paise, 0)`,
  'tax that the documents do not explain': `
    select d.org_id, d.paise, e.paise as booked from (
      select org_id, sum((total_paise - net_paise) * case kind when 'invoice' then -1 else 1 end) as paise from invoices
      where number is not null group by org_id) d
    full join (select org_id, sum(amount_paise) as paise from ledger_entries where account in ('2110', '2120', '2130')
      group by org_id) e on e.org_id = d.org_id
    where coalesce(d.paise, 0) <> coalesce(e.paise, 0)`,
  'cached sums that are not those of the entries': `
    select b.org_id, b.account from ledger_balances b
    full join (select org_id, account, sum(amount_paise) as paise from ledger_entries group by org_id, account) e
      on e.org_id is not distinct from b.org_id and e.account = b.account
    where b.balance_paise is distinct from e.paise`,
  'an event that was not dealt with': `select id, type from gateway_events where status in ('received', 'unmatched')`,
  'a dead letter': `select consumer, error from dead_letters`,
  'a message left in the outbox': `select target from outbox`,
}

/**
 * Expects that the money of every customer is in order, once everything was delivered: all invariants hold, each fulfilled
 * order has one payment and one invoice, and each of these organizations may use what it paid for.
 */
export async function expectBooksInOrder(
  { database, owner, now }: Books,
  entitled: Readonly<Record<string, Entitled>>,
): Promise<void> {
  const results = await database.transaction(system, (sql) => checkInvariants(sql, now))
  expect(results.length).toBeGreaterThan(10)
  expect(results.filter(({ holds }) => !holds)).toEqual([])
  const found: Record<string, unknown[]> = {}
  for (const [name, query] of Object.entries(violations)) {
    const rows = await owner.unsafe(query)
    if (rows.length > 0) found[name] = [...rows].slice(0, 5)
  }
  expect(found).toEqual({})
  for (const [orgId, expected] of Object.entries(entitled)) {
    const [row] = await owner<{ plan: string; seats: number }[]>`
      select plan_id as plan, seats from entitlements where org_id = ${orgId} and (until is null or until > ${now})`
    expect(row ? { ...row } : null).toEqual(expected)
  }
}
