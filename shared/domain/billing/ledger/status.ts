import type { Sql } from '../../sql.ts'
import { readLastCheck } from './checks.ts'
import type { BillingStatus } from './schemas.ts'

/** How billing is, of all organizations together; in system scope. */
export async function readBillingStatus(sql: Sql): Promise<BillingStatus> {
  const [lastCheck, balances, openDifferences, waiting, subscriptions] = await Promise.all([
    readLastCheck(sql),
    sql<BillingStatus['balances']>`
      select a.code as account, a.name, a.kind, coalesce(sum(b.balance_paise), 0)::bigint as balance_paise
      from ledger_accounts a left join ledger_balances b on b.account = a.code
      group by a.code order by a.code`,
    sql<BillingStatus['open_differences']>`
      select kind, count(*) as count, coalesce(sum(amount_paise), 0)::bigint as amount_paise
      from billing_differences where status = 'open' group by kind order by kind`,
    sql<BillingStatus['waiting']>`
      select 'events to be applied' as what, count(*) as count, min(received_at) as oldest_at
      from gateway_events where status = 'received'
      union all
      select 'events of nothing known', count(*), min(received_at) from gateway_events where status = 'unmatched'
      union all
      select 'orders to be paid', count(*), min(created_at) from orders where status in ('created', 'attempted')
      union all
      select 'payments to be captured', count(*), min(created_at) from payments where status = 'authorized'
      union all
      select 'refunds on their way', count(*), min(created_at) from refunds where status in ('requested', 'pending')
      union all
      select 'disputes to be answered', count(*), min(created_at) from disputes where status in ('open', 'action_required')`,
    sql<BillingStatus['subscriptions']>`
      select plan_id, status, count(*) as count from subscriptions where ended_at is null
      group by plan_id, status order by plan_id, status`,
  ])
  return {
    last_check: lastCheck,
    balances: [...balances],
    open_differences: [...openDifferences],
    waiting: [...waiting],
    subscriptions: [...subscriptions],
  }
}
