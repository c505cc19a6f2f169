import type { Sql } from '../sql.ts'
import type { RunStatistics } from './schemas.ts'

/** How the runs and agents of a workspace did between two moments. */
export async function readStatistics(
  sql: Sql,
  workspaceId: string | null,
  window: { from: string; to: string },
): Promise<RunStatistics> {
  const playbooks = await sql<RunStatistics['playbooks']>`
    select r.playbook, count(*)::integer as runs,
      count(*) filter (where r.status = 'completed')::integer as completed,
      count(*) filter (where r.status = 'failed')::integer as failed,
      count(*) filter (where r.status = 'cancelled')::integer as cancelled,
      count(*) filter (where r.finished_at is null)::integer as active,
      percentile_cont(0.5) within group (order by extract(epoch from r.finished_at - r.created_at))
        filter (where r.status = 'completed') as median_seconds,
      coalesce(sum(l.cost), 0)::float8 as cost_microdollars
    from agent_runs r
    left join lateral (select sum(cost_microdollars) as cost from cost_logs where run_id = r.id) l on true
    where r.workspace_id = ${workspaceId} and r.created_at >= ${window.from} and r.created_at < ${window.to}
    group by r.playbook order by r.playbook`
  const agents = await sql<RunStatistics['agents']>`
    select s.agent, count(*)::integer as steps,
      count(*) filter (where s.status = 'succeeded')::integer as succeeded,
      count(*) filter (where s.status = 'failed')::integer as failed,
      coalesce(sum(t.calls), 0)::integer as tool_calls, coalesce(sum(t.refused), 0)::integer as refused_tool_calls,
      percentile_cont(0.5) within group (order by extract(epoch from s.finished_at - s.started_at) * 1000)
        filter (where s.status = 'succeeded') as median_milliseconds,
      coalesce(sum(l.cost), 0)::float8 as cost_microdollars
    from agent_run_steps s join agent_runs r on r.id = s.run_id
    left join lateral (
      select count(*) as calls, count(*) filter (where status = 'refused') as refused from agent_tool_calls c
      where c.run_id = s.run_id and c.node = s.node and c.iteration = s.iteration
    ) t on true
    left join lateral (
      select sum(cost_microdollars) as cost from cost_logs c
      where c.run_id = s.run_id and c.node = s.node and c.iteration = s.iteration
    ) l on true
    where r.workspace_id = ${workspaceId} and r.created_at >= ${window.from} and r.created_at < ${window.to} and s.agent is not null
    group by s.agent order by s.agent`
  return { playbooks: [...playbooks], agents: [...agents] }
}
