import { accounts } from '../accounts.ts'
import { type Invariant, mostViolations, type Violation } from './invariant.ts'

/** The ledger in itself. */
export const books: readonly Invariant[] = [
  {
    name: 'transactions-balanced',
    says: 'Each ledger transaction has at least two entries, of its own organization, that balance.',
    violations: (sql) => sql<Violation[]>`
      select t.source as subject, t.org_id, '0' as expected, sum(e.amount_paise)::text as found
      from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
      group by t.id, e.currency
      having coalesce(sum(e.amount_paise), 1) <> 0 or count(*) < 2 or bool_or(e.org_id is distinct from t.org_id)
        or max(e.line) <> count(*)
      limit ${mostViolations}`,
  },
  {
    name: 'balances-rebuilt',
    says: 'The balances that are kept are the sums of the entries.',
    violations: (sql) => sql<Violation[]>`
      select coalesce(b.account, r.account) as subject, coalesce(b.org_id, r.org_id) as org_id,
        r.paise || ' of ' || r.entries as expected, b.balance_paise || ' of ' || b.entries as found
      from (
        select coalesce(org_id::text, '') as whose, org_id, account, currency, sum(amount_paise) as paise,
          count(*) as entries
        from ledger_entries group by org_id, account, currency
      ) r full join (select coalesce(org_id::text, '') as whose, * from ledger_balances) b
        on b.whose = r.whose and b.account = r.account and b.currency = r.currency
      where (b.balance_paise, b.entries) is distinct from (r.paise, r.entries)
      limit ${mostViolations}`,
  },
  {
    name: 'advances-covered',
    says: 'No organization was invoiced or paid back more than it had paid or been credited, but for what is noted.',
    // At the gateway's dashboard somebody can pay back what was a credit that is used by now.
    violations: (sql) => sql<Violation[]>`
      select b.account as subject, b.org_id, 'at most ' || noted.paise as expected, b.balance_paise::text as found
      from ledger_balances b
      cross join lateral (
        select coalesce(sum(d.amount_paise), 0) as paise from billing_differences d
        where d.org_id = b.org_id and d.kind = 'refund-exceeds-invoice'
      ) noted
      where b.account in (${accounts.advances}, ${accounts.parkedReceipts}) and b.balance_paise > noted.paise
      limit ${mostViolations}`,
  },
  {
    name: 'clearing-explained',
    says: 'What the gateway owes us is what it captured less fees, refunds, disputes and settlements.',
    // Of receipts of nobody, and of what is held back or lost, the ledger alone knows the sums.
    violations: (sql) => sql<Violation[]>`
      with rows_say as (
        select
          (select coalesce(sum(amount_paise), 0) from payments where captured_at is not null)
          - (select coalesce(sum(fee_paise), 0) from payments where captured_at is not null)
          - (select coalesce(sum(r.amount_paise), 0) from refunds r join payments p on p.id = r.payment_id
              where r.status = 'processed' and p.captured_at is not null)
          - (select coalesce(sum(amount_paise), 0) from settlements where status = 'processed')
          - (select coalesce(sum(balance_paise), 0) from ledger_balances where account in
              (${accounts.heldForDisputes}, ${accounts.disputesLost}, ${accounts.parkedReceipts}, ${accounts.parkedDifferences}))
          - (select coalesce(sum(balance_paise), 0) from ledger_balances
              where org_id is null and account in (${accounts.gatewayFees}, ${accounts.inputCredit})) as paise
      ), books_say as (
        select coalesce(sum(balance_paise), 0) as paise from ledger_balances where account = ${accounts.clearing}
      )
      select ${accounts.clearing} as subject, null as org_id, rows_say.paise::text as expected, books_say.paise::text as found
      from rows_say, books_say where rows_say.paise <> books_say.paise`,
  },
]
