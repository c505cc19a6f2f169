import { parseArgs } from 'node:util'
import type { BillingStatus, BooksCheck } from '#shared/domain/billing/ledger/schemas.ts'
import { formatRupees } from '#shared/domain/billing/money.ts'
import type { ReconciliationOutcome } from '#shared/domain/billing/reconciliation/schemas.ts'
import { type ApiClient, ApiError } from '../api-client.ts'
import { printable } from '../printable.ts'
import { connect } from '../sign-in.ts'

export const summary =
  'Show the balances of billing and what doesn’t agree, look through its books, or compare them with the gateway'
export const usage = `billing status|invariants [--json] [--url URL] [--token TOKEN]
        billing reconcile [--from TIME] [--to TIME] [--json] [--url URL] [--token TOKEN]

status      Balances of all organizations together, differences from the gateway that are open, what waits, and what held
            when the books were last looked through.
invariants  Looks through the books now; exits with 1 when something that must hold doesn't.
reconcile   Compares what happened at the payment gateway (in the last three days, unless told otherwise; at most 31) with our
            rows, and repairs what was not heard of; exits with 1 when something differs that can't be explained.

Asks the product at --url (else ADAPT_URL, else this machine) as the caller of --token (else of ADAPT_EMAIL and
ADAPT_PASSWORD), who must be an operator (npm run adapt -- operator grant EMAIL). --json prints the answer as it came.`

interface Options {
  asJson: boolean
  from: string | undefined
  to: string | undefined
}

const actions: Readonly<Record<string, (client: ApiClient, options: Options) => Promise<number>>> = {
  status: showStatus,
  invariants: showInvariants,
  reconcile,
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      from: { type: 'string' },
      to: { type: 'string' },
      url: { type: 'string' },
      token: { type: 'string' },
    },
  })
  const { from, to } = values
  const action = positionals.length === 1 ? actions[positionals[0]!] : undefined
  const hasWindow = from !== undefined || to !== undefined
  if (!action || (hasWindow && action !== reconcile) || ![from, to].every(isTime)) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  try {
    const client = await connect({ url: values.url, token: values.token })
    return await action(client, { asJson: values.json ?? false, from, to })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(error.message)
    return 1
  }
}

async function showStatus(client: ApiClient, { asJson }: Options): Promise<number> {
  const status = await client.request<BillingStatus>('GET', '/v1/operator/billing')
  console.log(asJson ? JSON.stringify(status) : describeStatus(status))
  return 0
}

async function showInvariants(client: ApiClient, { asJson }: Options): Promise<number> {
  const check = await client.request<BooksCheck>('GET', '/v1/operator/billing/invariants')
  console.log(asJson ? JSON.stringify(check) : describeCheck(check))
  return check.holds ? 0 : 1
}

async function reconcile(client: ApiClient, { asJson, from, to }: Options): Promise<number> {
  const window = { ...(from && { from: toTime(from) }), ...(to && { to: toTime(to) }) }
  const outcome = await client.request<ReconciliationOutcome>('POST', '/v1/operator/billing/reconciliation', window)
  console.log(asJson ? JSON.stringify(outcome) : describeOutcome(outcome))
  return outcome.differences === 0 ? 0 : 1
}

function isTime(text: string | undefined): boolean {
  return text === undefined || !Number.isNaN(Date.parse(text))
}

function toTime(text: string): string {
  return new Date(text).toISOString()
}

function describeOutcome(outcome: ReconciliationOutcome): string {
  const { from, to, new_differences: news } = outcome
  const rows = [
    ['repaired now', outcome.repairs],
    ['mandates ended', outcome.mandates_ended],
    ['receipts parked', outcome.receipts_parked],
    ['settlements booked', outcome.settlements_booked],
    ['differences gone', outcome.differences_resolved],
    ['differences', outcome.differences],
  ].map((row) => row.map(String))
  return [
    table(`From ${from} to ${to}`, rows),
    table(
      'New differences',
      news.map(({ kind, subject, amount_paise }) => [
        kind,
        printable(subject),
        amount_paise === null ? '' : formatRupees(amount_paise),
      ]),
    ),
  ].join('\n\n')
}

function describeStatus({ last_check, balances, open_differences, waiting, subscriptions }: BillingStatus): string {
  const waits = waiting.filter(({ count }) => count > 0)
  return [
    table(
      'Balances (debit above zero)',
      balances.map(({ account, name, balance_paise }) => [`${account}  ${name}`, formatRupees(balance_paise)]),
    ),
    table(
      'Subscriptions',
      subscriptions.map(({ plan_id, status, count }) => [`${plan_id}, ${status}`, String(count)]),
    ),
    table(
      'Waiting',
      waits.map(({ what, count, oldest_at }) => [what, String(count), oldest_at ? `since ${oldest_at}` : '']),
    ),
    table(
      'Differences from the gateway',
      open_differences.map(({ kind, count, amount_paise }) => [kind, String(count), formatRupees(amount_paise)]),
    ),
    last_check ? describeCheck(last_check) : 'The books were not looked through yet.',
  ].join('\n\n')
}

function describeCheck({ checked_at, invariants }: BooksCheck): string {
  const lines = invariants.flatMap(({ holds, says, invariant, violations }) => [
    `  ${holds ? 'holds ' : 'BROKEN'}  ${printable(says)}`,
    ...violations.map(
      ({ subject, org_id, expected, found }) =>
        `          ${invariant}: ${printable(subject)}${org_id ? ` of ${org_id}` : ''}: expected ${printable(expected ?? 'nothing')}, found ${printable(found ?? 'nothing')}`,
    ),
  ])
  return [`The books at ${checked_at}`, ...lines].join('\n')
}

function table(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return `${title}: none`
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')
  return [title, ...rows.map((row) => `  ${line(row).trimEnd()}`)].join('\n')
}
