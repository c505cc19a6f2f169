import type { FinishReason, TokenUsage } from '../models/types.ts'
import type { Json, Sql } from '../sql.ts'
import { type Alertable, alertOf, raiseAlert } from './alerts.ts'
import { plannedBudget } from './budgets.ts'
import type { BudgetDefaults } from './money.ts'

/** How a call ended. */
export interface Ending {
  id: string
  state: 'settled' | 'released' | 'lost'
  /** Null: the worst case. */
  costMicrodollars: number | null
  usage: TokenUsage
  estimated: boolean
  milliseconds: number
  finish: FinishReason | 'failed' | 'lost'
  failure: { code: string; message: string } | null
  artifactKey: string | null
}

/**
 * Books calls of the organization in one statement: the worst case is given back, what they cost is spent, and each has
 * its row in the log. Each is booked once: a reservation that has ended stays as it is, but for a lost one, whose worst case
 * gives way to what is known now.
 * @param endings of any workspaces, each reservation once; those that are unknown or over are left out
 * @returns how many were booked
 */
export async function bookEndings(
  sql: Sql,
  endings: readonly Ending[],
  at: Date,
  { defaultBudgetMicrodollars, defaultPlanId }: BudgetDefaults,
): Promise<number> {
  const [done] = await sql<{ ended: number; months: Alertable[] }[]>`
    with given as (
      select * from jsonb_to_recordset(${sql.json(endings.map(toRecord))}) as g (id uuid, state text, cost bigint,
        input bigint, cached bigint, output bigint, thinking bigint, estimated boolean, milliseconds integer, finish text,
        failure jsonb, artifact_key text)
    ), held as materialized (
      -- The workspace first, like whoever deletes it.
      select r.id, r.workspace_id, r.month, r.run_id, r.agent, r.in_run_budget, r.in_agent_budget
      from cost_reservations r join given g on g.id = r.id join workspaces w on w.id = r.workspace_id
      where r.org_id = app_org_id() and (r.state = 'reserved' or r.state = 'lost' and g.state <> 'lost')
      order by r.workspace_id, r.id
      for key share of w
    ), charges as materialized (
      select id, workspace_id, 'workspace-month' as kind, month as key from held
      union all
      select id, workspace_id, 'run', run_id::text from held where in_run_budget
      union all
      select id, workspace_id, 'agent-in-run', run_id || '/' || agent from held where in_agent_budget
    ), locked as materialized (
      -- Then the budgets and then the reservations, like whoever reserves.
      select s.workspace_id, s.kind, s.key from cost_scopes s
      where (s.workspace_id, s.kind, s.key) in (select workspace_id, kind, key from charges)
      order by s.workspace_id, s.kind desc, s.key
      for update
    ), ended as (
      update cost_reservations r
      set state = g.state, ended_at = ${at.toISOString()}::timestamptz,
        lost_at = case when g.state = 'lost' then ${at.toISOString()}::timestamptz else r.lost_at end,
        cost_microdollars = least(g.cost, r.worst_case_microdollars)
      from given g join held h on h.id = g.id cross join (select count(*) from locked) as after_locks
      -- As it is now: another may have ended it while this one waited.
      where r.id = g.id and (r.state = 'reserved' or r.state = 'lost' and g.state <> 'lost')
      returning r.*, g.cost as claimed, g.input, g.cached, g.output, g.thinking, g.estimated, g.milliseconds, g.finish,
        g.failure, g.artifact_key,
        -- What was lost is spent already, and no longer set aside.
        case when r.lost_at is null or g.state = 'lost' then r.worst_case_microdollars else 0 end as freed,
        r.cost_microdollars
          - case when r.lost_at is null or g.state = 'lost' then 0 else r.worst_case_microdollars end as booked
    ), sums as materialized (
      select c.workspace_id, c.kind, c.key, sum(e.freed)::bigint as freed, sum(e.booked)::bigint as booked
      from charges c join ended e on e.id = c.id
      group by c.workspace_id, c.kind, c.key
    ), booked as (
      update cost_scopes s
      set reserved_microdollars = s.reserved_microdollars - c.freed,
        spent_microdollars = s.spent_microdollars + c.booked, updated_at = now()
      from sums c
      where s.workspace_id = c.workspace_id and s.kind = c.kind and s.key = c.key
      returning s.*
    ), logged as (
      insert into cost_logs (id, org_id, workspace_id, occurred_at, run_id, node, iteration, playbook, agent, user_id, model,
        alias, task, input_tokens, cached_input_tokens, output_tokens, thinking_tokens, cost_microdollars,
        uncovered_microdollars, estimated, milliseconds, finish, failure, artifact_key)
      select id, org_id, workspace_id, reserved_at, run_id, node, iteration, playbook, agent, user_id, model,
        alias, task, input, cached, output, thinking, cost_microdollars,
        coalesce(greatest(claimed - worst_case_microdollars, 0), 0), estimated,
        case when finish = 'lost' then least(extract(epoch from ended_at - reserved_at) * 1000, 2147483647)::integer
          else milliseconds end,
        finish, failure, artifact_key
      from ended
      on conflict (id) do update
      set input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens,
        output_tokens = excluded.output_tokens, thinking_tokens = excluded.thinking_tokens,
        cost_microdollars = excluded.cost_microdollars, uncovered_microdollars = excluded.uncovered_microdollars,
        estimated = excluded.estimated, milliseconds = excluded.milliseconds, finish = excluded.finish,
        failure = excluded.failure, artifact_key = excluded.artifact_key
    )
    select (select count(*)::integer from ended) as ended, coalesce((
      select jsonb_agg(jsonb_build_object('workspace_id', workspace_id, 'key', key,
        'limit', least(coalesce(limit_microdollars, ${defaultBudgetMicrodollars}::bigint),
          ${plannedBudget(sql, { now: at, defaultPlanId }, sql`app_org_id()`)}), 'spent', spent_microdollars,
        'reserved', reserved_microdollars, 'alerted_percent', alerted_percent) order by workspace_id, key)
      from booked where kind = 'workspace-month'
    ), '[]') as months`
  for (const month of done!.months) await raiseAlert(sql, month, alertOf(month))
  return done!.ended
}

function toRecord(ending: Ending): { [field: string]: Json } {
  const { id, state, usage, estimated, finish, failure } = ending
  return {
    id,
    state,
    cost: ending.costMicrodollars === null ? null : amount(ending.costMicrodollars),
    input: count(usage.input),
    cached: count(usage.cachedInput),
    output: count(usage.output),
    thinking: count(usage.thinking),
    estimated,
    milliseconds: Math.min(count(ending.milliseconds), 2 ** 31 - 1),
    finish,
    failure,
    artifact_key: ending.artifactKey,
  }
}

/** What isn't a number is the worst case; a fraction of a microdollar is a whole one. */
function amount(microdollars: number): number | null {
  if (Number.isNaN(microdollars)) return null
  return Math.min(Math.max(0, Math.ceil(microdollars)), Number.MAX_SAFE_INTEGER)
}

/** Whatever a provider says: a whole number that the log can hold. */
function count(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER) : 0
}
