import { accounts } from '../accounts.ts'
import { type Invariant, mostViolations, type Violation } from './invariant.ts'

const hourMilliseconds = 3_600_000

/** What came in and went out at the gateway, and the books of it. */
export const receipts: readonly Invariant[] = [
  {
    name: 'captures-booked-once',
    says: 'Each captured payment is booked once, with its amount and for its organization, and nothing else is booked as one.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(p.gateway_payment_id, b.source) as subject, coalesce(p.org_id, b.org_id) as org_id,
        p.amount_paise::text as expected, b.paise::text as found
      from (select * from payments where captured_at is not null) p
      full join (
        select t.source, t.org_id, e.amount_paise as paise
        from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id and e.account = ${accounts.clearing}
        where t.kind = 'payment'
      ) b on b.source = 'payment:' || p.gateway_payment_id
      where (p.amount_paise, p.org_id) is distinct from (b.paise, b.org_id)
      limit ${mostViolations}`,
  },
  {
    name: 'captures-explained',
    says: 'Each captured payment has paid an order, is being paid back, or is a difference that somebody can see.',
    // What is being dealt with is left out: of a charge, the mandate may become known a little later.
    violations: (sql, now) => sql<Violation[]>`
      select p.gateway_payment_id as subject, p.org_id, 'order, refund or difference' as expected, p.purpose as found
      from payments p
      where p.captured_at is not null and p.updated_at < ${new Date(now.getTime() - 2 * hourMilliseconds)}
        and not (p.purpose is not distinct from 'order' and exists (select from orders o where o.payment_id = p.id and o.fulfilled_at is not null))
        and not exists (select from refunds r where r.payment_id = p.id)
        and not exists (select from billing_differences d where d.subject in (p.gateway_payment_id, p.id::text, p.order_id::text))
      limit ${mostViolations}`,
  },
  {
    name: 'fees-booked-once',
    says: 'Each fee that the gateway kept of a captured payment is booked once.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(p.gateway_payment_id, b.source) as subject, coalesce(p.org_id, b.org_id) as org_id,
        p.fee_paise::text as expected, b.paise::text as found
      from (select * from payments where captured_at is not null and fee_paise > 0) p
      full join (
        select t.source, t.org_id, -e.amount_paise as paise
        from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id and e.account = ${accounts.clearing}
        where t.kind = 'fee' and t.org_id is not null
      ) b on b.source = 'fee:' || p.gateway_payment_id
      where (p.fee_paise, p.org_id) is distinct from (b.paise, b.org_id)
      limit ${mostViolations}`,
  },
  {
    name: 'refunds-booked-once',
    says: 'Each processed refund of a captured payment is booked once, with its amount.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(r.gateway_refund_id, b.source) as subject, coalesce(r.org_id, b.org_id) as org_id,
        r.amount_paise::text as expected, b.paise::text as found
      from (
        select r.* from refunds r join payments p on p.id = r.payment_id
        where r.status = 'processed' and p.captured_at is not null
      ) r
      full join (
        select t.source, t.org_id, -e.amount_paise as paise
        from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id and e.account = ${accounts.clearing}
        where t.kind = 'refund' and t.org_id is not null
      ) b on b.source = 'refund:' || r.gateway_refund_id
      where (r.amount_paise, r.org_id) is distinct from (b.paise, b.org_id)
      limit ${mostViolations}`,
  },
  {
    name: 'refunds-within-payments',
    says: 'No payment was paid back beyond its amount.',
    violations: (sql) => sql<Violation[]>`
      select p.gateway_payment_id as subject, p.org_id, 'at most ' || p.amount_paise as expected,
        sum(r.amount_paise)::text as found
      from payments p join refunds r on r.payment_id = p.id and r.status = 'processed'
      group by p.id
      having sum(r.amount_paise) > p.amount_paise or bool_or(r.org_id <> p.org_id)
      limit ${mostViolations}`,
  },
  {
    name: 'receipts-parked-or-known',
    says: 'A receipt of nobody isn’t parked any more a day after its customer was found.',
    violations: (sql, now) => sql<Violation[]>`
      select known.source as subject, known.org_id, 'released' as expected, 'parked' as found
      from ledger_transactions parked
      join ledger_transactions known on known.source = 'payment:' || substr(parked.source, length('parked:') + 1)
      where parked.kind = 'parked-receipt' and known.posted_at < ${new Date(now.getTime() - 25 * hourMilliseconds)}
        and not exists (select from ledger_transactions released where released.source = parked.source || ':released')
      limit ${mostViolations}`,
  },
  {
    name: 'disputes-booked',
    says: 'What is held back for a dispute is booked so until it is decided, and what was lost is booked as lost.',
    // Of one that is closed the gateway doesn't say who has the money: it stays held back until somebody has looked.
    violations: (sql) => sql<Violation[]>`
      select d.gateway_dispute_id as subject, d.org_id,
        d.status || ', held ' || expected.held || ', lost ' || expected.lost as expected,
        'held ' || booked.held || ', lost ' || booked.lost as found
      from disputes d
      cross join lateral (
        select case when d.status not in ('won', 'lost') then d.deducted_paise else 0 end as held,
          case when d.status = 'lost' then coalesce(nullif(d.deducted_paise, 0), d.amount_paise) else 0 end as lost
      ) expected
      cross join lateral (
        select coalesce(sum(e.amount_paise) filter (where e.account = ${accounts.heldForDisputes}), 0) as held,
          coalesce(sum(e.amount_paise) filter (where e.account = ${accounts.disputesLost}), 0) as lost
        from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
        where t.source in ('dispute:' || d.gateway_dispute_id || ':held', 'dispute:' || d.gateway_dispute_id || ':won',
          'dispute:' || d.gateway_dispute_id || ':lost')
      ) booked
      where (expected.held, expected.lost) is distinct from (booked.held, booked.lost)
        and not exists (
          select from billing_differences n
          where n.kind = 'dispute-deduction-differs' and n.subject = d.gateway_dispute_id
        )
      limit ${mostViolations}`,
  },
  {
    name: 'settlements-booked-once',
    says: 'Each settlement that reached the bank is booked once, with its amount.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(s.gateway_settlement_id, b.source) as subject, null as org_id, s.amount_paise::text as expected,
        b.paise::text as found
      from (select * from settlements where status = 'processed' and amount_paise <> 0) s
      full join (
        select t.source, e.amount_paise as paise
        from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id and e.account = ${accounts.bank}
        where t.kind = 'settlement'
      ) b on b.source = 'settlement:' || s.gateway_settlement_id
      where s.amount_paise is distinct from b.paise
      limit ${mostViolations}`,
  },
]
