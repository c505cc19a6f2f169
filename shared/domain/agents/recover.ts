import type { Sql } from '../sql.ts'
import type { Catalogue } from './catalogue.ts'
import { enqueueStep } from './record.ts'
import { cancelRun, type RunContext } from './runs.ts'

/** A step whose task may be lost is enqueued again after so many minutes; a second task of a step has no effect. */
const lostMinutes = 10
/** Nobody has decided for so many days. */
const undecidedDays = 30
/** Steps and runs of one look; the next one takes what is left. */
const limit = 200

export interface LostStep {
  run_id: string
  node: string
  iteration: number
  org_id: string
  workspace_id: string
  playbook: string
}

/** Steps of every organization that should have been begun, or whose holder is gone, and that nothing was heard of since. */
export function listLostSteps(sql: Sql): Promise<LostStep[]> {
  return sql<LostStep[]>`
    select s.run_id, s.node, s.iteration, s.org_id, s.workspace_id, r.playbook
    from agent_run_steps s join agent_runs r on r.id = s.run_id
    where s.status in ('pending', 'running')
      and coalesce(s.leased_until, s.not_before, s.created_at) < now() - make_interval(mins => ${lostMinutes})
      and r.status in ('queued', 'running', 'waiting_approval')
    order by s.created_at limit ${limit}`
}

/** Takes a lost step from whoever had it and enqueues it again, inside its organization. @returns false when it has gone on since it was found */
export async function recoverStep(
  context: Pick<RunContext, 'sql' | 'enqueue'>,
  { playbooks }: Catalogue,
  lost: LostStep,
): Promise<boolean> {
  const rows = await context.sql`
    update agent_run_steps set status = 'pending', lease = null, leased_until = null, not_before = now()
    where run_id = ${lost.run_id} and node = ${lost.node} and iteration = ${lost.iteration}
      and status in ('pending', 'running')
      and coalesce(leased_until, not_before, created_at) < now() - make_interval(mins => ${lostMinutes})
    returning 1`
  if (rows.length === 0) return false
  // Of a playbook that is gone too: whoever takes the step ends the run.
  const graph = playbooks.get(lost.playbook) ?? null
  const step = { run_id: lost.run_id, node: lost.node, iteration: lost.iteration }
  await enqueueStep(context, graph, step, { workspaceId: lost.workspace_id })
  return true
}

const isUndecided = (sql: Sql) =>
  sql`status = 'waiting_approval' and updated_at < now() - make_interval(days => ${undecidedDays})`

/** Runs of every organization that have waited for a decision for too long. */
export function listUndecidedRuns(sql: Sql): Promise<{ id: string; org_id: string }[]> {
  return sql<{ id: string; org_id: string }[]>`
    select id, org_id from agent_runs
    where ${isUndecided(sql)}
    order by updated_at limit ${limit}`
}

/** Ends a run that nobody decided on, inside its organization. @returns false when it has gone on since it was found */
export async function endUndecided(context: RunContext, id: string): Promise<boolean> {
  const [still] =
    await context.sql`select 1 from agent_runs where id = ${id} and ${isUndecided(context.sql)} for update`
  if (!still) return false
  await cancelRun(context, id, { code: 'UNDECIDED', message: `Nobody decided for ${undecidedDays} days` })
  return true
}
