import { parseArgs } from 'node:util'
import type { Budget } from '#shared/domain/costs/budgets.ts'
import { formatDollars } from '#shared/domain/costs/money.ts'
import { type Grouping, groupings, type SpendGroup, type SpendSummary } from '#shared/domain/costs/schemas.ts'
import { ApiError } from '../api-client.ts'
import { printable } from '../printable.ts'
import { connect } from '../sign-in.ts'

export const summary =
  'Show what model calls cost, by day, agent, model, playbook or task, and what is left of the budget'
export const usage = `costs [--by day,agent,model,playbook,task] [--days NUMBER] [--json]
             [--url URL] [--token TOKEN] [--organization ID]

Sums up the calls of the caller's workspace in the last days (30 unless told otherwise, at most 92), by day, agent and
model unless told otherwise. Amounts are US dollars; with ~ where part of one is an upper bound that no provider has
confirmed. Asks the product at --url (else ADAPT_URL, else this machine) as the caller of --token (else of ADAPT_EMAIL and
ADAPT_PASSWORD), who must be an owner or admin. --json prints the budget and the sums as one JSON object.`

const dayMilliseconds = 86_400_000
const mostDays = 92

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      by: { type: 'string' },
      days: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
      token: { type: 'string' },
      organization: { type: 'string' },
    },
  })
  const by = (values.by ?? 'day,agent,model').split(',')
  const days = Number(values.days ?? 30)
  if (!by.every(isGrouping) || !Number.isInteger(days) || days < 1 || days > mostDays) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  try {
    const client = await connect({ url: values.url, token: values.token, organizationId: values.organization })
    const from = new Date(Date.now() - days * dayMilliseconds).toISOString()
    const [budget, ...sums] = await Promise.all([
      client.request<Budget>('GET', '/v1/costs/budget'),
      ...by.map((grouping) => client.request<SpendSummary>('GET', `/v1/costs?group_by=${grouping}&from=${from}`)),
    ])
    console.log(values.json ? JSON.stringify({ budget, sums }) : [describe(budget), ...sums.map(table)].join('\n\n'))
    return 0
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(error.message)
    return 1
  }
}

function isGrouping(text: string): text is Grouping {
  return (groupings as readonly string[]).includes(text)
}

function describe(budget: Budget): string {
  const limit = `${formatDollars(budget.limit_microdollars)}${budget.is_default ? ', the default' : ''}`
  return [
    `Budget of ${budget.month} (UTC): ${limit}`,
    `  spent      ${formatDollars(budget.spent_microdollars)}`,
    `  set aside  ${formatDollars(budget.reserved_microdollars)} for calls under way`,
    `  left       ${formatDollars(budget.left_microdollars)} until ${budget.resets_at.slice(0, 10)}`,
  ].join('\n')
}

function table({ group_by, data, total, truncated }: SpendSummary): string {
  const row = (name: string, spend: Omit<SpendGroup, 'group'>) => [
    name,
    ...[spend.calls, spend.failed_calls, spend.input_tokens, spend.output_tokens].map(String),
    `${spend.estimated_microdollars > 0 ? '~' : ''}${formatDollars(spend.cost_microdollars)}`,
  ]
  const rows = [
    [`by ${group_by}`, 'calls', 'failed', 'tokens in', 'tokens out', 'cost'],
    ...data.map((one) => row(nameOf(one, group_by), one)),
    row(truncated ? 'all, more than these' : 'all', total),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  return rows
    .map((cells) =>
      cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
    )
    .join('\n')
}

function nameOf({ group }: SpendGroup, grouping: Grouping): string {
  if (group === null) return '-'
  return grouping === 'day' ? group.slice(0, 10) : printable(group)
}
