import { splitGroups } from '../grouped-sums.ts'
import type { Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Window } from '../usage/window.ts'
import type { CallFilter, Grouping, ModelCall, Spend, SpendGroup } from './schemas.ts'

/** More groups than there are agents, models, playbooks and tasks together, or days of a window. */
const maximumGroups = 500

const iso = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`

/** By what calls are put together, and how that is shown. */
const expressions: Record<Grouping, { key: string; shown: string }> = {
  day: { key: `date_trunc('day', occurred_at, 'UTC')`, shown: `to_char(key at time zone 'UTC', ${iso})` },
  agent: { key: 'agent', shown: 'key' },
  model: { key: 'model', shown: 'key' },
  playbook: { key: 'playbook', shown: 'key' },
  task: { key: 'task', shown: 'key' },
}

/** Sums up what the calls cost that a workspace began in a span of time, exactly. */
export async function summarizeCosts(
  sql: Sql,
  workspaceId: string,
  { from, to }: Window,
  grouping: Grouping,
): Promise<{ total: Spend; data: SpendGroup[]; truncated: boolean }> {
  const { key, shown } = expressions[grouping]
  const rows = await sql<(SpendGroup & { is_total: boolean })[]>`
    select ${sql.unsafe(shown)} as "group", is_total, calls, failed_calls, input_tokens, cached_input_tokens, output_tokens,
      thinking_tokens, cost_microdollars, estimated_microdollars
    from (
      select key, grouping(key) = 1 as is_total, count(*) as calls,
        count(*) filter (where finish in ('failed', 'lost')) as failed_calls,
        coalesce(sum(input_tokens), 0)::bigint as input_tokens,
        coalesce(sum(cached_input_tokens), 0)::bigint as cached_input_tokens,
        coalesce(sum(output_tokens), 0)::bigint as output_tokens,
        coalesce(sum(thinking_tokens), 0)::bigint as thinking_tokens,
        coalesce(sum(cost_microdollars), 0)::bigint as cost_microdollars,
        coalesce(sum(cost_microdollars) filter (where estimated), 0)::bigint as estimated_microdollars
      from (
        select *, ${sql.unsafe(key)} as key from cost_logs
        where workspace_id = ${workspaceId} and occurred_at >= ${from} and occurred_at < ${to}
      ) logged
      group by grouping sets ((key), ())
    ) summed
    order by is_total desc, ${grouping === 'day' ? sql`key` : sql`cost_microdollars desc, key`}
    limit ${maximumGroups + 2}`
  return splitGroups(rows, maximumGroups)
}

/** The calls that a workspace began in a span of time, the newest first. @param page its position is of `positionOf` */
export function listCalls(
  sql: Sql,
  workspaceId: string,
  { from, to }: Window,
  { run_id, agent, model, playbook, finish }: CallFilter,
  { before, size }: Page,
): Promise<ModelCall[]> {
  const [at = '', last = ''] = before?.split(' ') ?? []
  return sql<ModelCall[]>`
    select id, occurred_at, model, alias, task, playbook, agent, run_id, node, iteration, user_id, input_tokens,
      cached_input_tokens, output_tokens, thinking_tokens, cost_microdollars, uncovered_microdollars, estimated,
      milliseconds, finish, failure, artifact_key
    from cost_logs
    where workspace_id = ${workspaceId} and occurred_at >= ${from} and occurred_at < ${to}
      ${run_id === undefined ? sql`` : sql`and run_id = ${run_id}`}
      ${agent === undefined ? sql`` : sql`and agent = ${agent}`}
      ${model === undefined ? sql`` : sql`and model = ${model}`}
      ${playbook === undefined ? sql`` : sql`and playbook = ${playbook}`}
      ${finish === undefined ? sql`` : sql`and finish = ${finish}`}
      ${before === null ? sql`` : sql`and (occurred_at, id) < (${at}, ${last})`}
    order by occurred_at desc, id desc
    limit ${size + 1}`
}

/** Where a call stands in the list. */
export function positionOf({ occurred_at, id }: ModelCall): string {
  return `${occurred_at} ${id}`
}
