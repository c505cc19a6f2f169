import { accounts } from '../accounts.ts'
import { type Invariant, mostViolations, type Violation } from './invariant.ts'

/** Beyond the longest grace that can be set. */
const longestGraceDays = 100

/** What was sold, invoiced, and given. */
export const sales: readonly Invariant[] = [
  {
    name: 'fulfilled-orders-paid',
    says: 'What was ordered was given for a captured payment of exactly what was due, and each payment paid for one order.',
    violations: (sql) => sql<Violation[]>`
      select o.id::text as subject, o.org_id, (o.total_paise - o.credit_paise)::text as expected,
        case when p.captured_at is null then 'nothing captured'
          else p.amount_paise || ' for ' || count(*) over (partition by o.payment_id) || ' orders' end as found
      from orders o left join payments p on p.id = o.payment_id
      where o.fulfilled_at is not null and o.total_paise > o.credit_paise
        and (p.captured_at is null or p.amount_paise <> o.total_paise - o.credit_paise or p.org_id <> o.org_id
          or exists (select from orders other where other.payment_id = o.payment_id and other.id <> o.id
            and other.fulfilled_at is not null))
      limit ${mostViolations}`,
  },
  {
    name: 'orders-invoiced-once',
    says: 'Each fulfilled order has one invoice of its amount, and each invoice is of a fulfilled order.',
    // How much of the amount is tax, the customer's particulars say when the invoice is issued.
    violations: (sql) => sql<Violation[]>`
      select coalesce(o.id::text, i.number, i.id::text) as subject, coalesce(o.org_id, i.org_id) as org_id,
        o.total_paise::text as expected, i.total_paise::text as found
      from (select * from orders where fulfilled_at is not null) o
      full join (select * from invoices where kind = 'invoice' and status <> 'draft') i on i.order_id = o.id
      where (o.org_id, o.total_paise) is distinct from (i.org_id, i.total_paise)
      limit ${mostViolations}`,
  },
  {
    name: 'documents-booked-once',
    says: 'Each issued invoice and credit note is booked once, with its net amount and each of its taxes.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(i.number, b.source) as subject, coalesce(i.org_id, b.org_id) as org_id,
        array_to_string(i.amounts, ' + ') as expected, array_to_string(b.amounts, ' + ') as found
      from (
        select number, org_id, replace(kind, '_', '-') || ':' || id as source,
          array[net_paise, cgst_paise, sgst_paise, igst_paise] as amounts
        from invoices where status <> 'draft' and total_paise > 0
      ) i
      full join (
        select t.source, t.org_id, array[
          coalesce(sum(signed.paise) filter (where e.account = ${accounts.sales}), 0),
          coalesce(sum(signed.paise) filter (where e.account = ${accounts.cgstPayable}), 0),
          coalesce(sum(signed.paise) filter (where e.account = ${accounts.sgstPayable}), 0),
          coalesce(sum(signed.paise) filter (where e.account = ${accounts.igstPayable}), 0)]::bigint[] as amounts
        from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
        cross join lateral (
          select case t.kind when 'invoice' then -e.amount_paise else e.amount_paise end as paise
        ) signed
        where t.kind in ('invoice', 'credit-note')
        group by t.id
      ) b on b.source = i.source
      where (i.org_id, i.amounts) is distinct from (b.org_id, b.amounts)
      limit ${mostViolations}`,
  },
  {
    name: 'credits-within-invoices',
    says: 'No invoice is credited beyond its amounts, and it is void when it is credited wholly, and only then.',
    violations: (sql) => sql<Violation[]>`
      select i.number as subject, i.org_id, i.status || ', ' || i.total_paise as expected,
        coalesce(sum(c.total_paise), 0)::text as found
      from invoices i left join invoices c on c.credits_id = i.id and c.status <> 'draft'
      where i.kind = 'invoice' and i.status <> 'draft'
      group by i.id
      having sum(c.net_paise) > i.net_paise or sum(c.cgst_paise) > i.cgst_paise or sum(c.sgst_paise) > i.sgst_paise
        or sum(c.igst_paise) > i.igst_paise or bool_or(c.org_id <> i.org_id)
        or i.total_paise > 0 and (i.status = 'void') <> (coalesce(sum(c.total_paise), 0) = i.total_paise)
      limit ${mostViolations}`,
  },
  {
    name: 'invoice-numbers-consecutive',
    says: 'In each financial year the numbers of invoices, and those of credit notes, run from 1 without a gap.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(s.kind, i.kind) || ' ' || coalesce(s.financial_year, i.financial_year) as subject, null as org_id,
        coalesce(s.next_serial, 1) - 1 || ' from 1' as expected,
        coalesce(i.documents, 0) || ' from ' || coalesce(i.first, 1) || ' to ' || coalesce(i.last, 0) as found
      from invoice_series s
      full join (
        select financial_year, kind, count(*) as documents, min(serial) as first, max(serial) as last
        from invoices where serial is not null group by financial_year, kind
      ) i on i.financial_year = s.financial_year and i.kind = s.kind
      where (coalesce(i.documents, 0), coalesce(i.last, 0), coalesce(i.first, 1))
        is distinct from (coalesce(s.next_serial, 1)::bigint - 1, coalesce(s.next_serial, 1) - 1, 1)
      limit ${mostViolations}`,
  },
  {
    name: 'entitlements-paid-for',
    says: 'What an organization may use is what its subscription is paid for, unless a contract says otherwise.',
    violations: (sql, now) => sql<Violation[]>`
      with paid as (
        select *, greatest(coalesce(current_period_end, trial_ends_at), grace_until) as paid_until from subscriptions
      ), missing as (
        select s.id::text as subject, s.org_id, s.plan_id || ', ' || s.seats || ' seats' as expected,
          e.plan_id || ', ' || e.seats || ' seats, until ' || coalesce(e.until::text, 'further notice') as found
        from paid s join organizations o on o.id = s.org_id left join entitlements e on e.org_id = s.org_id
        where s.status in ('trialing', 'active', 'past_due') and s.paid_until > ${now} and o.deleting_at is null
          and (e.by_contract and (e.until is null or e.until > ${now})) is not true
          and (e.plan_id is null or e.plan_id <> s.plan_id or e.seats <> s.seats or e.until <= ${now})
      ), unpaid as (
        select e.org_id::text as subject, e.org_id, 'a subscription of ' || e.plan_id as expected, null as found
        from entitlements e
        where not e.by_contract and (e.until is null or e.until > ${now})
          and not exists (
            select from paid s
            where s.org_id = e.org_id and s.plan_id = e.plan_id
              and s.paid_until > coalesce(e.until, 'infinity') - make_interval(days => ${longestGraceDays})
          )
      )
      table missing union all table unpaid
      limit ${mostViolations}`,
  },
]
