import { AppError, notFound } from '../errors.ts'
import type { SpendAuthority } from '../models/types.ts'
import type { Sql } from '../sql.ts'
import { type Alertable, alertOf, raiseAlert } from './alerts.ts'
import { plannedBudget } from './budgets.ts'
import { type BudgetDefaults, formatDollars } from './money.ts'
import { monthOf } from './months.ts'

export type Reservation = Parameters<SpendAuthority['reserve']>[0]

type ScopeKind = 'workspace-month' | 'run' | 'agent-in-run'

/** A budget that a call is charged to, as it stood when it was locked. */
interface Scope extends Alertable {
  kind: ScopeKind
  is_closed: boolean
  fits: boolean
}

interface Verdict {
  scopes: Scope[]
  granted: boolean
  /** The state of a reservation of this id that was there before. */
  existing: string | null
}

export type Refusal = { refused: AppError }
export type Answer = 'granted' | 'again' | 'no-month' | Refusal

/**
 * Sets the worst case of a call aside if each of its budgets can pay for it, in one statement that locks their rows.
 * @returns `no-month` when the workspace's month isn't opened yet; `again` when another with the same id came first;
 *   a refusal is not thrown, so that what managers are told of it is committed
 */
export async function tryReserve(
  sql: Sql,
  reservation: Reservation,
  at: Date,
  defaults: BudgetDefaults,
): Promise<Answer> {
  const { scopes, granted, existing } = await lockAndReserve(sql, reservation, at, defaults)
  if (granted || existing === 'reserved') return 'granted'
  if (existing !== null) return refuse(new AppError('CONFLICT', 'The call with this reservation has ended already'))
  const month = scopes.find(({ kind }) => kind === 'workspace-month')
  if (!month) return 'no-month'
  if (scopes.some(({ is_closed }) => is_closed)) return refuse(new AppError('CONFLICT', 'The run has ended'))
  const full = scopes.find(({ fits }) => !fits)
  if (!full) return 'again'
  if (full === month) await raiseAlert(sql, month, alertOf(month, { refused: true }))
  return refuse(exceeded(full, reservation))
}

function refuse(refused: AppError): Refusal {
  return { refused }
}

/**
 * Rows that somebody else holds are waited for, and then read as they left them: what is compared is what is true at the
 * moment of the update, however many calls ask at the same time.
 */
async function lockAndReserve(
  sql: Sql,
  { id, origin, model, alias, task, worstCaseMicrodollars: worst }: Reservation,
  at: Date,
  { defaultBudgetMicrodollars, defaultPlanId }: BudgetDefaults,
): Promise<Verdict> {
  const { orgId, workspaceId, runId, step, playbook, agent, userId } = origin
  const month = monthOf(at)
  // The plan bounds the month of the workspace; budgets of runs are within it anyhow.
  const limit = sql`least(coalesce(s.limit_microdollars, ${defaultBudgetMicrodollars}::bigint),
    case when s.kind = 'workspace-month' then (select microdollars from planned) end)`
  const [verdict] = await sql<Verdict[]>`
    with planned as materialized (
      select ${plannedBudget(sql, { now: at, defaultPlanId }, sql`app_org_id()`)} as microdollars
    ), scopes as materialized (
      select s.workspace_id, s.kind, s.key, ${limit} as "limit",
        s.reserved_microdollars as reserved, s.spent_microdollars as spent, s.alerted_percent,
        s.closed_at is not null as is_closed,
        -- What costs nothing can't overspend, not even a budget that was lowered below what is spent.
        ${worst}::bigint = 0 or s.reserved_microdollars + s.spent_microdollars + ${worst}::bigint
          <= ${limit} as fits
      from cost_scopes s join workspaces w on w.id = s.workspace_id and w.deleting_at is null
      where s.workspace_id = ${workspaceId} and (
        s.kind = 'workspace-month' and s.key = ${month}
        or s.kind = 'run' and s.key = ${runId ?? ''}
        or s.kind = 'agent-in-run' and s.key = ${agentKey(runId, agent)}
      )
      order by s.workspace_id, s.kind desc, s.key
      -- The workspace first, like whoever deletes it.
      for key share of w for update of s
    ), verdict as materialized (
      select bool_or(kind = 'run') as in_run, bool_or(kind = 'agent-in-run') as in_agent from scopes
      having bool_and(fits and not is_closed) and bool_or(kind = 'workspace-month')
    ), granted as (
      insert into cost_reservations (id, org_id, workspace_id, reserved_at, month, run_id, node, iteration, playbook, agent,
        user_id, model, alias, task, worst_case_microdollars, in_run_budget, in_agent_budget)
      select ${id}, ${orgId}, ${workspaceId}, ${at.toISOString()}::timestamptz, ${month}, ${runId}::uuid,
        ${step?.node ?? null}, ${step?.iteration ?? null}::integer, ${playbook}, ${agent}, ${userId}::uuid, ${model}, ${alias},
        ${task}, ${worst}::bigint, in_run, in_agent
      from verdict
      on conflict (id) do nothing
      returning id
    ), booked as (
      update cost_scopes s set reserved_microdollars = s.reserved_microdollars + ${worst}::bigint, updated_at = now()
      from scopes l, granted
      where s.workspace_id = l.workspace_id and s.kind = l.kind and s.key = l.key
    )
    select exists (select from granted) as granted,
      (select state from cost_reservations where id = ${id}) as existing,
      coalesce((select jsonb_agg(to_jsonb(scopes) order by kind desc) from scopes), '[]') as scopes`
  return verdict!
}

/** The agent's row is that of its run. */
export function agentKey(runId: string | null, agent: string | null): string {
  return runId === null || agent === null ? '' : `${runId}/${agent}`
}

/** Makes the workspace's row of a month. @throws AppError NOT_FOUND when the workspace is gone or going */
export async function openMonth(sql: Sql, workspaceId: string, month: string): Promise<void> {
  // Locked against whoever sets another budget, or deletes the workspace.
  const opened = await sql`
    select org_id, monthly_budget_microdollars as "limit" from workspaces
    where id = ${workspaceId} and deleting_at is null for share`
  if (opened.length === 0) throw notFound('Workspace')
  await sql`
    insert into cost_scopes (org_id, workspace_id, kind, key, limit_microdollars)
    values (${opened[0]!.org_id}, ${workspaceId}, 'workspace-month', ${month}, ${opened[0]!.limit})
    on conflict do nothing`
}

function exceeded(scope: Scope, { origin, worstCaseMicrodollars }: Reservation): AppError {
  const { agent, workspaceId, runId } = origin
  const names: Record<ScopeKind, string> = {
    'workspace-month': `The budget of this workspace for ${scope.key} (UTC)`,
    run: 'The budget of this run',
    'agent-in-run': `The budget of the agent ${agent} in this run`,
  }
  const left = Math.max(0, scope.limit - scope.spent - scope.reserved)
  const message =
    `${names[scope.kind]} is ${formatDollars(scope.limit)}: ${formatDollars(left)} is left, and the call may cost ` +
    `${formatDollars(worstCaseMicrodollars)}`
  const subject = scope.kind === 'workspace-month' ? `workspace ${workspaceId}` : `run ${runId}`
  return new AppError('BUDGET_EXCEEDED', message, [
    { field: scope.kind, message: `the budget of ${subject} is used up` },
  ])
}
