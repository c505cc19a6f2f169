import type { Enqueue } from '../../messaging.ts'
import type { Sql } from '../../sql.ts'
import { noteDifference } from '../differences.ts'
import type { SettlementSnapshot } from '../gateway.ts'
import { accounts } from '../ledger/accounts.ts'
import { postTransaction } from '../ledger/post.ts'
import { settlementPosting } from '../ledger/postings.ts'
import { applyFetched, endMandate } from '../messages.ts'
import { type Difference, difference, type Findings } from './findings.ts'
import { differenceKinds } from './kinds.ts'
import { bookParkedRefund, parkReceipt, releaseFoundReceipts } from './parking.ts'

/** Of a schedule or an operator's route, which see all organizations and write into one at a time. */
export interface RecordContext {
  sql: Sql
  now: Date
  enqueue: Enqueue
  enter(orgId: string): Promise<void>
}

export interface ReconciliationSummary {
  /** Objects that are fetched and applied now. */
  repairs: number
  /** Mandates that are ended now. */
  mandates_ended: number
  /** Receipts of nobody known that were parked. */
  receipts_parked: number
  settlements_booked: number
  /** Differences that were found. */
  differences: number
  differences_resolved: number
}

/**
 * Writes down what a comparison has found: books settlements and receipts of nobody, notes differences and takes back those
 * that are gone, and has everything else repaired by the tasks that webhooks use. Doing it twice does no more.
 *
 * @returns with the differences that nobody knew of
 */
export async function recordFindings(
  context: RecordContext,
  findings: Findings,
): Promise<{ summary: ReconciliationSummary; news: Difference[] }> {
  const { sql, now } = context
  const settled = await countTrue(byId(findings.settlements), (settlement) => bookSettlement(sql, settlement))
  const parked = await countTrue(byId(findings.receipts), (payment) => parkReceipt(sql, payment))
  for (const refund of byId(findings.parkedRefunds)) await bookParkedRefund(sql, refund)
  await releaseFoundReceipts(sql, now)
  const differences = [...findings.differences, ...(await overdrawn(sql))].sort(bySubject)
  const news: Difference[] = []
  for (const found of differences) if (await noteDifference(sql, found)) news.push(found)
  const resolved = await resolveGone(sql, { examined: findings.examined, differences, now })
  // Last: from here on it is inside of organizations.
  await enqueueRepairs(context, findings)
  const summary = {
    repairs: findings.repairs.length,
    mandates_ended: findings.mandatesToEnd.length,
    receipts_parked: parked,
    settlements_booked: settled,
    differences: differences.length,
    differences_resolved: resolved,
  }
  return { summary, news }
}

/** @returns whether it is booked now */
async function bookSettlement(sql: Sql, settlement: SettlementSnapshot): Promise<boolean> {
  const { id, amountPaise, feesPaise, taxPaise, status, utr, createdAt } = settlement
  await sql`
    insert into settlements (gateway_settlement_id, amount_paise, fees_paise, tax_paise, status, utr, settled_at)
    values (${id}, ${amountPaise}, ${feesPaise}, ${taxPaise}, ${status}, ${utr}, ${createdAt})
    on conflict (gateway_settlement_id) do update
      set amount_paise = excluded.amount_paise, fees_paise = excluded.fees_paise, tax_paise = excluded.tax_paise,
        status = excluded.status, utr = coalesce(excluded.utr, settlements.utr)
      where settlements.status <> 'processed'`
  if (status !== 'processed') return false
  return postTransaction(sql, settlementPosting({ gatewaySettlementId: id, amountPaise, at: createdAt }))
}

/** The gateway can't have paid out more than it took. */
async function overdrawn(sql: Sql): Promise<Difference[]> {
  const [row] = await sql<{ paise: number }[]>`
    select coalesce(sum(balance_paise), 0)::bigint as paise from ledger_balances where account = ${accounts.clearing}`
  const paise = row?.paise ?? 0
  return paise < 0 ? [difference('clearing-overdrawn', accounts.clearing, null, 0, paise)] : []
}

/** Takes back differences of objects that were looked at and agree now. */
async function resolveGone(
  sql: Sql,
  { examined, differences, now }: { examined: ReadonlySet<string>; differences: readonly Difference[]; now: Date },
): Promise<number> {
  const still = new Set(differences.map(({ kind, subject }) => `${kind} ${subject}`))
  const open = await sql<{ id: string; kind: string; subject: string }[]>`
    select id, kind, subject from billing_differences
    where status = 'open' and kind in ${sql(Object.keys(differenceKinds))} order by subject, kind for update`
  const looksAt = ({ kind, subject }: { kind: string; subject: string }) =>
    examined.has(subject) || kind === 'clearing-overdrawn'
  const gone = open.filter((row) => looksAt(row) && !still.has(`${row.kind} ${row.subject}`))
  if (gone.length === 0) return 0
  // What was found last is that it agrees: whatever is found after that opens it again.
  const { count } = await sql`
    update billing_differences
    set status = 'resolved', resolved_at = ${now}, resolution = 'It agrees now', found = '"agrees"'
    where id in (select jsonb_array_elements_text(${sql.json(gone.map(({ id }) => id))})::uuid)`
  return count
}

async function enqueueRepairs(
  { enter, enqueue }: RecordContext,
  { repairs, mandatesToEnd }: Pick<Findings, 'repairs' | 'mandatesToEnd'>,
): Promise<void> {
  const ofOrg = Map.groupBy([...repairs, ...mandatesToEnd], ({ orgId }) => orgId)
  for (const [orgId, items] of ofOrg) {
    await enter(orgId)
    for (const item of items) {
      if ('kind' in item) await enqueue(applyFetched, { kind: item.kind, gateway_id: item.gatewayId })
      else await enqueue(endMandate, { gateway_subscription_id: item.gatewaySubscriptionId })
    }
  }
}

async function countTrue<Item>(items: readonly Item[], work: (item: Item) => Promise<boolean>): Promise<number> {
  let count = 0
  for (const item of items) if (await work(item)) count++
  return count
}

function byId<Item extends { id: string }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => compareText(a.id, b.id))
}

/** In one order, so that two who record at once wait and don't block each other. */
function bySubject(a: Difference, b: Difference): number {
  return compareText(a.subject, b.subject) || compareText(a.kind, b.kind)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
