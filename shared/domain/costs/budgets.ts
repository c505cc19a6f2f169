import * as v from 'valibot'
import { type Fragment, limitOf, limitOrNull } from '../billing/entitlements/limit.ts'
import { AppError, notFound } from '../errors.ts'
import { Timestamp } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { type Alertable, alertOf, raiseAlert, shareReached } from './alerts.ts'
import { type BudgetDefaults, formatDollars, maximumMicrodollars } from './money.ts'
import { endOfMonth, monthOf } from './months.ts'

const Microdollars = v.pipe(v.number(), v.integer(), v.minValue(0))

export const Budget = v.strictObject({
  month: v.pipe(v.string(), v.description('In UTC: `2026-11`')),
  limit_microdollars: v.pipe(Microdollars, v.description('What may be spent in the month; a million is a US dollar')),
  is_default: v.pipe(v.boolean(), v.description('The workspace has no budget of its own: this is the installation’s')),
  plan_limit_microdollars: v.pipe(
    v.nullable(Microdollars),
    v.description('No budget is larger under the plan of the organization; null: any may be set'),
  ),
  spent_microdollars: Microdollars,
  reserved_microdollars: v.pipe(Microdollars, v.description('Set aside for calls under way, at their worst case')),
  left_microdollars: v.pipe(Microdollars, v.description('What calls can still be made for')),
  resets_at: v.pipe(Timestamp, v.description('When the next month begins')),
})
export type Budget = v.InferInput<typeof Budget>

export const BudgetChange = v.strictObject({
  limit_microdollars: v.pipe(
    v.nullable(v.pipe(Microdollars, v.maxValue(maximumMicrodollars))),
    v.description('From now on, each month; null: the installation’s default'),
  ),
})

export interface BudgetOptions extends BudgetDefaults {
  now: Date
}

/** What no workspace of an organization may spend more than in a month, by its plan, as an expression. */
export function plannedBudget(
  sql: Sql,
  { now, defaultPlanId }: Omit<BudgetOptions, 'defaultBudgetMicrodollars'>,
  orgId: Fragment,
) {
  return limitOf(sql, { orgId, at: now, defaultPlanId }, 'model_budget_microdollars')
}

/** The budget of a workspace for this month. @throws AppError NOT_FOUND */
export async function readBudget(sql: Sql, workspaceId: string, options: BudgetOptions): Promise<Budget> {
  const month = monthOf(options.now)
  const [row] = await sql<{ own: number | null; planned: number; spent: number; reserved: number }[]>`
    select w.monthly_budget_microdollars as own, ${plannedBudget(sql, options, sql`w.org_id`)} as planned, coalesce(s.spent_microdollars, 0) as spent,
      coalesce(s.reserved_microdollars, 0) as reserved
    from workspaces w
    left join cost_scopes s on s.workspace_id = w.id and s.kind = 'workspace-month' and s.key = ${month}
    where w.id = ${workspaceId} and w.deleting_at is null`
  if (!row) throw notFound('Workspace')
  const { own, planned, spent, reserved } = row
  const limit = Math.min(own ?? options.defaultBudgetMicrodollars, planned)
  return {
    month,
    limit_microdollars: limit,
    is_default: own === null,
    plan_limit_microdollars: limitOrNull(planned),
    spent_microdollars: spent,
    reserved_microdollars: reserved,
    left_microdollars: Math.max(0, limit - spent - reserved),
    resets_at: endOfMonth(month),
  }
}

/**
 * Sets what the workspace may spend in this month and each one after it. What calls under way have set aside stays theirs,
 * also when the budget is now below it. Managers are told of shares of the new budget as of a new one.
 * @param limit null: the installation's default
 * @returns the budget, and what the setting was before
 * @throws AppError NOT_FOUND; BUDGET_EXCEEDED for more than the plan of the organization allows
 */
export async function setBudget(
  sql: Sql,
  workspaceId: string,
  limit: number | null,
  options: BudgetOptions,
): Promise<{ budget: Budget; before: number | null }> {
  const [workspace] = await sql<{ own: number | null; planned: number }[]>`
    select w.monthly_budget_microdollars as own, ${plannedBudget(sql, options, sql`w.org_id`)} as planned
    from workspaces w
    where w.id = ${workspaceId} and w.deleting_at is null for no key update of w`
  if (!workspace) throw notFound('Workspace')
  if (limit !== null && limit > workspace.planned) {
    const most = formatDollars(workspace.planned)
    const message = `Your plan allows a workspace ${most} a month for models; larger plans are at GET /v1/billing/plans`
    const field = 'body.limit_microdollars'
    throw new AppError('BUDGET_EXCEEDED', message, [{ field, message: `must be at most ${workspace.planned}` }])
  }
  await sql`update workspaces set monthly_budget_microdollars = ${limit} where id = ${workspaceId}`
  // A month that others have begun already, by clocks that are ahead, too.
  const months = await sql<Alertable[]>`
    with locked as materialized (
      select workspace_id, kind, key from cost_scopes
      where workspace_id = ${workspaceId} and kind = 'workspace-month' and key >= ${monthOf(options.now)}
      order by workspace_id, kind desc, key
      for update
    )
    update cost_scopes s set limit_microdollars = ${limit}, updated_at = now()
    from locked l
    where s.workspace_id = l.workspace_id and s.kind = l.kind and s.key = l.key
    returning s.workspace_id, s.key,
      least(coalesce(s.limit_microdollars, ${options.defaultBudgetMicrodollars}::bigint), ${workspace.planned}::bigint) as "limit",
      s.spent_microdollars as spent, s.reserved_microdollars as reserved, s.alerted_percent`
  for (const month of months) {
    const share = alertOf(month)
    await raiseAlert(sql, month, share)
    const reached = shareReached(month)
    if (reached < month.alerted_percent) {
      await sql`
        update cost_scopes set alerted_percent = ${reached}
        where workspace_id = ${workspaceId} and kind = 'workspace-month' and key = ${month.key}`
    }
  }
  return { budget: await readBudget(sql, workspaceId, options), before: workspace.own }
}
