import { jobEventData } from '../jobs/jobs.ts'
import type { Json, Sql } from '../sql.ts'
import type { NextStep, StepState, StepStatus } from './advance.ts'
import type { RunStep } from './messages.ts'
import type { RunStatus } from './schemas.ts'
import type { ToolCall } from './tools.ts'

/** A lease that nobody renews is over after so long, and the step is somebody else's to do. */
export const leaseSeconds = 30

export interface StepRecord extends StepState {
  output: Json | null
  outputKey: string | null
}

/** Everything that is needed to do a step. */
export interface Claim {
  /** Null when the step isn't to be done by this delivery. */
  lease: string | null
  status: StepStatus
  attempt: number
  run: {
    id: string
    orgId: string
    workspaceId: string
    playbook: string
    status: RunStatus
    input: Json
    inputKey: string | null
    createdBy: string | null
    jobId: string | null
  }
  agent: { enabled: boolean; instructions: string; settings: Record<string, Json> } | null
  steps: StepRecord[]
}

/**
 * Takes the lease of a step, if it is free and its run goes on.
 * @param lease a new id, which fences whoever had it before
 * @returns null when there is no such step
 */
export async function claimStep(sql: Sql, step: RunStep, lease: string): Promise<Claim | null> {
  const [row] = await sql<(Omit<Claim, 'steps'> & { steps: StepRecord[] | null })[]>`
    with claimed as (
      update agent_run_steps s set
        status = 'running', attempt = s.attempt + 1, lease = ${lease},
        leased_until = now() + make_interval(secs => ${leaseSeconds}), started_at = coalesce(s.started_at, now())
      from agent_runs r
      where s.run_id = ${step.run_id} and s.node = ${step.node} and s.iteration = ${step.iteration} and r.id = s.run_id
        and r.status in ('queued', 'running', 'waiting_approval')
        and (s.status = 'pending' or (s.status = 'running' and s.leased_until < now()))
      returning s.attempt
    )
    select case when c.attempt is null then null else ${lease}::uuid end as lease, s.status,
      coalesce(c.attempt, s.attempt) as attempt,
      jsonb_build_object('id', r.id, 'orgId', r.org_id, 'workspaceId', r.workspace_id, 'playbook', r.playbook,
        'status', r.status, 'input', r.input, 'inputKey', r.input_key, 'createdBy', r.created_by,
        'jobId', r.job_id) as run,
      (select jsonb_build_object('enabled', a.enabled, 'instructions', a.instructions, 'settings', a.settings)
       from agents a where a.workspace_id = r.workspace_id and a.key = s.agent) as agent,
      (select jsonb_agg(jsonb_build_object('node', o.node, 'iteration', o.iteration, 'status', o.status,
         'taken', o.taken, 'tainted', o.tainted, 'output', o.output, 'outputKey', o.output_key)
         order by o.iteration)
       from agent_run_steps o where o.run_id = r.id and o.status in ('succeeded', 'skipped')) as steps
    from agent_run_steps s join agent_runs r on r.id = s.run_id left join claimed c on true
    where s.run_id = ${step.run_id} and s.node = ${step.node} and s.iteration = ${step.iteration}`
  return row ? { ...row, steps: row.steps ?? [] } : null
}

/** Keeps a lease. @returns false when it is lost, or the run has ended */
export async function renewLease(sql: Sql, step: RunStep, lease: string): Promise<boolean> {
  const rows = await sql`
    update agent_run_steps s set leased_until = now() + make_interval(secs => ${leaseSeconds})
    from agent_runs r
    where s.run_id = ${step.run_id} and s.node = ${step.node} and s.iteration = ${step.iteration}
      and s.lease = ${lease} and r.id = s.run_id and r.status in ('queued', 'running', 'waiting_approval')
    returning 1`
  return rows.length === 1
}

/** What became of a step. */
export type StepEnd =
  | {
      status: 'succeeded'
      output: Json | null
      outputKey: string | null
      taken: readonly string[]
      tainted: boolean
    }
  | { status: 'failed'; error: { code: string; message: string } }
  /** To be tried again. */
  | { status: 'pending'; error: { code: string; message: string }; notBefore: Date }

/**
 * Locks the run and ends the step, if the lease is still held. From here on siblings wait.
 * @returns whether it was
 */
export async function endStep(sql: Sql, step: RunStep, lease: string, end: StepEnd): Promise<boolean> {
  const succeeded = end.status === 'succeeded' ? end : null
  const rows = await sql`
    with run as (
      select id from agent_runs
      where id = ${step.run_id} and status in ('queued', 'running', 'waiting_approval') for update
    )
    update agent_run_steps s set
      status = ${end.status}, lease = null, leased_until = null,
      taken = ${sql.json((succeeded?.taken ?? []) as unknown as Json)}, tainted = ${succeeded?.tainted ?? false},
      output = ${succeeded?.output == null ? null : sql.json(succeeded.output)}::jsonb,
      output_key = ${succeeded?.outputKey ?? null},
      error = ${end.status === 'succeeded' ? null : sql.json(end.error)}::jsonb,
      not_before = ${end.status === 'pending' ? end.notBefore : null},
      finished_at = case when ${end.status !== 'pending'} then now() end
    from run
    where s.run_id = run.id and s.node = ${step.node} and s.iteration = ${step.iteration} and s.lease = ${lease}
    returning 1`
  return rows.length === 1
}

/** Makes a failure of a step that has just ended well, in the same transaction. */
export async function failEndedStep(sql: Sql, step: RunStep, error: { code: string; message: string }): Promise<void> {
  await sql`
    update agent_run_steps set status = 'failed', output = null, output_key = null, taken = '[]', error = ${sql.json(error)}
    where run_id = ${step.run_id} and node = ${step.node} and iteration = ${step.iteration}`
}

/** How far the steps of a run have come; the run must be locked before. */
export async function readProgress(sql: Sql, runId: string): Promise<StepState[]> {
  return sql<StepState[]>`
    select node, iteration, status, taken, tainted from agent_run_steps where run_id = ${runId}`
}

export interface Advance {
  runId: string
  next: readonly (NextStep & { agent: string | null })[]
  run: {
    status: RunStatus
    output: Json | null
    outputKey: string | null
    error: { code: string; message: string } | null
  }
  /** For whoever watches; `done` of `total`. */
  progress: { done: number; total: number; message: string }
  toolCalls: readonly (ToolCall & { node: string; iteration: number; attempt: number; agent: string })[]
  /** Tries at steps that ended just now. */
  attempts: number
}

/** Makes the next steps, and tells how the run stands now, in one statement. */
export async function advanceRun(
  sql: Sql,
  { runId, next, run, progress, toolCalls, attempts }: Advance,
): Promise<void> {
  const ended = run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled'
  const jobStatus =
    { completed: 'succeeded', failed: 'failed', cancelled: 'cancelled' }[run.status as string] ?? 'running'
  await sql`
    with run as (
      update agent_runs set status = ${run.status}, updated_at = now(),
        finished_at = case when ${ended} then now() end,
        output = ${run.output === null ? null : sql.json(run.output)}::jsonb, output_key = ${run.outputKey},
        error = ${run.error === null ? null : sql.json(run.error)}::jsonb
      where id = ${runId}
      returning id, org_id, workspace_id, job_id
    ), made as (
      insert into agent_run_steps (org_id, workspace_id, run_id, node, iteration, agent, status, finished_at)
      select org_id, workspace_id, id, n.node, n.iteration, n.agent, n.status,
        case when n.status = 'skipped' then now() end
      from run, jsonb_to_recordset(${sql.json(next as unknown as Json)})
        as n (node text, iteration integer, agent text, status text)
      on conflict (run_id, node, iteration) do nothing
    ), dropped as (
      update agent_run_steps set status = 'cancelled', lease = null, leased_until = null, finished_at = now()
      where ${ended} and run_id = ${runId} and status in ('pending', 'running', 'waiting')
    ), called as (
      insert into agent_tool_calls (id, org_id, workspace_id, run_id, node, iteration, attempt, agent, tool, input,
        output, status, error, milliseconds)
      -- A record has no JSON null: one that a model gave as input is an SQL null here.
      select c.id, org_id, workspace_id, run.id, c.node, c.iteration, c.attempt, c.agent, c.tool,
        coalesce(c.input, 'null'), c.output, c.status, c.error, c.milliseconds
      from run, jsonb_to_recordset(${sql.json(toolCalls as unknown as Json)}) as c (id uuid, node text,
        iteration integer, attempt integer, agent text, tool text, input jsonb, output jsonb, status text, error jsonb,
        milliseconds integer)
      on conflict (id) do update set output = excluded.output, status = excluded.status, error = excluded.error,
        milliseconds = excluded.milliseconds
    ), job as (
      update jobs set status = ${jobStatus}, attempts = attempts + ${attempts}, done = ${progress.done}, total = ${progress.total},
        message = ${progress.message},
        cost_microdollars = (
          select coalesce(sum(l.cost_microdollars), 0) from cost_logs l where l.run_id = run.id
        ), version = version + 1, updated_at = now(),
        result = case when ${run.status === 'completed'} then jsonb_build_object('run_id', run.id) end,
        error = ${run.error === null ? null : sql.json(run.error)}::jsonb,
        finished_at = case when ${ended} then now() end
      from run where jobs.id = run.job_id and jobs.status in ('queued', 'running')
      returning jobs.*
    )
    insert into job_events (org_id, workspace_id, job_id, sequence, type, data)
    select org_id, workspace_id, id, version, status, ${jobEventData(sql)} from job`
}

/** Notes a call that reaches outside before it does. */
export async function noteToolCall(
  sql: Sql,
  step: RunStep,
  call: ToolCall & { attempt: number; agent: string },
): Promise<void> {
  await sql`
    insert into agent_tool_calls (id, org_id, workspace_id, run_id, node, iteration, attempt, agent, tool, input,
      status, milliseconds)
    select ${call.id}, org_id, workspace_id, id, ${step.node}, ${step.iteration}, ${call.attempt}, ${call.agent},
      ${call.tool}, ${sql.json(call.input)}, ${call.status}, ${call.milliseconds}
    from agent_runs where id = ${step.run_id}`
}
