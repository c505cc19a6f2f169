import { parseArgs } from 'node:util'
import type { BillingStatus, BooksCheck } from '#shared/domain/billing/ledger/schemas.ts'
import { formatRupees } from '#shared/domain/billing/money.ts'
import { type ApiClient, ApiError } from '../api-client.ts'
import { printable } from '../printable.ts'
import { connect } from '../sign-in.ts'

export const summary = 'Show the balances of billing and what doesn’t agree, or look through its books now'
export const usage = `billing status|invariants [--json] [--url URL] [--token TOKEN]

status      Balances of all organizations together, differences from the gateway that are open, what waits, and what held
            when the books were last looked through.
invariants  Looks through the books now; exits with 1 when something that must hold doesn't.

Asks the product at --url (else ADAPT_URL, else this machine) as the caller of --token (else of ADAPT_EMAIL and
ADAPT_PASSWORD), who must be an operator (npm run adapt -- operator grant EMAIL). --json prints the answer as it came.`

const actions: Readonly<Record<string, (client: ApiClient, asJson: boolean) => Promise<number>>> = {
  status: showStatus,
  invariants: showInvariants,
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, url: { type: 'string' }, token: { type: 'string' } },
  })
  const action = positionals.length === 1 ? actions[positionals[0]!] : undefined
  if (!action) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  try {
    return await action(await connect({ url: values.url, token: values.token }), values.json ?? false)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(error.message)
    return 1
  }
}

async function showStatus(client: ApiClient, asJson: boolean): Promise<number> {
  const status = await client.request<BillingStatus>('GET', '/v1/operator/billing')
  console.log(asJson ? JSON.stringify(status) : describeStatus(status))
  return 0
}

async function showInvariants(client: ApiClient, asJson: boolean): Promise<number> {
  const check = await client.request<BooksCheck>('GET', '/v1/operator/billing/invariants')
  console.log(asJson ? JSON.stringify(check) : describeCheck(check))
  return check.holds ? 0 : 1
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
