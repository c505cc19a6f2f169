import * as v from 'valibot'
import { AppError } from '../../errors.ts'
import { Id, Timestamp } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import { accounts } from './accounts.ts'

const SignedPaise = v.pipe(v.number(), v.safeInteger())

const StatementLine = v.strictObject({
  id: Id,
  occurred_at: Timestamp,
  kind: v.pipe(v.string(), v.description('`payment`, `invoice`, `credit-note`, `refund`')),
  description: v.string(),
  reference: v.pipe(v.string(), v.description('Number of the invoice or credit note, else the gateway’s id')),
  document_id: v.pipe(v.nullable(Id), v.description('The invoice or credit note')),
  amount_paise: v.pipe(SignedPaise, v.description('Above zero for what the organization paid or was credited')),
  balance_paise: v.pipe(SignedPaise, v.description('After this line')),
})

/** What an organization and its payments did in a span of time; all balances are in its favour when above zero. */
export const Statement = v.strictObject({
  from: Timestamp,
  to: Timestamp,
  currency: v.literal('INR'),
  opening_balance_paise: v.pipe(SignedPaise, v.description('Above zero: a credit of the organization')),
  closing_balance_paise: SignedPaise,
  lines: v.array(StatementLine),
  truncated: v.pipe(v.boolean(), v.description('There are more lines: ask for less at once')),
})
export type Statement = v.InferOutput<typeof Statement>

const maximumLines = 1000
const maximumDays = 366
const dayMilliseconds = 86_400_000

/**
 * The span of a statement: the 92 days before now unless it says otherwise.
 * @throws AppError VALIDATION_ERROR when it is empty or longer than a year
 */
export function readSpan(query: { from?: string | undefined; to?: string | undefined }, now: Date) {
  const to = query.to === undefined ? now : new Date(query.to)
  const from = query.from === undefined ? new Date(to.getTime() - 92 * dayMilliseconds) : new Date(query.from)
  const days = (to.getTime() - from.getTime()) / dayMilliseconds
  // A date that does not exist makes no number.
  if (!(days > 0)) throw refuse('must be before `to`')
  if (days > maximumDays) throw refuse(`must be at most ${maximumDays} days before \`to\``)
  return { from, to }
}

/** An organization's account with us: what it paid, was invoiced, credited and paid back, not before `from` and before `to`. */
export async function readStatement(
  sql: Sql,
  { orgId, from, to }: { orgId: string; from: Date; to: Date },
): Promise<Statement> {
  // One statement, so that the balances are of the same moment as the lines.
  const [row] = await sql<{ opening: number; closing: number; lines: Statement['lines'] }[]>`
    with moved as (
      select t.id, t.occurred_at, t.kind, t.description, t.source, -sum(e.amount_paise)::bigint as amount_paise
      from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
      where t.org_id = ${orgId} and e.org_id = ${orgId} and e.account = ${accounts.advances} and t.occurred_at < ${to}
      group by t.id
    ), run as (
      select *, sum(amount_paise) over (order by occurred_at, id)::bigint as balance_paise from moved
    ), line as (
      select run.*, i.id as document_id, coalesce(i.number, split_part(source, ':', 2)) as reference
      from run left join invoices i
        on i.id = case when run.kind in ('invoice', 'credit-note') then split_part(source, ':', 2)::uuid end
      where occurred_at >= ${from}
      order by occurred_at, run.id
      limit ${maximumLines + 1}
    )
    select
      (select coalesce(sum(amount_paise), 0)::bigint from moved where occurred_at < ${from}) as opening,
      (select coalesce(sum(amount_paise), 0)::bigint from moved) as closing,
      (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'description', description,
          'occurred_at', to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'reference', reference, 'document_id', document_id, 'amount_paise', amount_paise,
          'balance_paise', balance_paise) order by occurred_at, id), '[]') from line) as lines`
  const { opening, closing, lines } = row!
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    currency: 'INR',
    opening_balance_paise: opening,
    closing_balance_paise: closing,
    lines: lines.slice(0, maximumLines),
    truncated: lines.length > maximumLines,
  }
}

function refuse(message: string): AppError {
  return new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: 'query.from', message }])
}
