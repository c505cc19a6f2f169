import { meterUse, useRefused } from '../billing/entitlements/meters.ts'
import type { EntitledAt } from '../billing/entitlements/read.ts'
import { closeRunBudget, openRunBudget } from '../costs/run-budgets.ts'
import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { finishJob, startJob } from '../jobs/jobs.ts'
import type { Enqueue, Publish } from '../messaging.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Json, Sql } from '../sql.ts'
import type { Permission } from '../tenancy/permissions.ts'
import { type StepState, takenFrom } from './advance.ts'
import type { Graph } from './graph.ts'
import type { Kept } from './large-values.ts'
import { lords } from './lords.ts'
import { runChanged } from './messages.ts'
import { enqueueStep, goOn } from './record.ts'
import { isActive, type Run, type RunStatus, type ToolCallRecord } from './schemas.ts'

export interface RunContext {
  sql: Sql
  enqueue: Enqueue
  publish: Publish
}

export interface RunDraft {
  id: string
  orgId: string
  workspaceId: string
  input: Kept
  /** Null: only the workspace's budget holds it. */
  budgetMicrodollars: number | null
  createdBy: string | null
  /** Runs of the organization that may be under way at once. */
  maximumActive: number
  at: Date
  /** Whose limits hold for organizations that pay nothing. */
  defaultPlanId: string
}

/**
 * Begins a run of a playbook, and counts it.
 * @throws AppError RATE_LIMITED when the organization has as many under way as it may, BUDGET_EXCEEDED when its plan has no
 *   further one for this month; nothing was written then
 */
export async function createRun(context: RunContext, graph: Graph, draft: RunDraft): Promise<Run> {
  const { sql } = context
  await requireRoom(sql, draft)
  const jobId = newId()
  await startRunJob(sql, jobId, { ...draft, title: graph.playbook.title })
  await sql`
    insert into agent_runs (id, org_id, workspace_id, playbook, status, input, input_key, budget_microdollars, job_id,
      created_by)
    values (${draft.id}, ${draft.orgId}, ${draft.workspaceId}, ${graph.playbook.id}, 'queued',
      ${sql.json(draft.input.value)}, ${draft.input.key}, ${draft.budgetMicrodollars}, ${jobId}, ${draft.createdBy})`
  await openBudget(sql, draft)
  await goOn(context, graph, draft)
  return readRun(sql, draft.id)
}

/** Counts the run where there is room for it. Runs of workspaces that the caller may not see count too. */
async function requireRoom(
  sql: Sql,
  { orgId, at, defaultPlanId, maximumActive }: EntitledAt & { maximumActive: number },
): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`agent-runs ${orgId}`}, 0))`
  const use = { orgId, at, defaultPlanId, feature: 'runs', amount: 1 } as const
  const [room] = await sql<{ active: number; counted: boolean }[]>`
    with under_way as materialized (select count_active_agent_runs() as active),
    metered as (${meterUse(sql, use, sql`(select active from under_way) < ${maximumActive}`)})
    select active, exists (select from metered) as counted from under_way`
  const { active, counted } = room!
  if (counted) return
  if (active < maximumActive) throw await useRefused(sql, use)
  const message = `Your organization has ${active} runs under way, as many as it may; end one, or wait`
  throw new AppError('RATE_LIMITED', message, [], { retryAfterSeconds: 60 })
}

function startRunJob(
  sql: Sql,
  jobId: string,
  run: { id: string; orgId: string; workspaceId: string; createdBy: string | null; title: string },
) {
  return startJob(sql, {
    id: jobId,
    orgId: run.orgId,
    workspaceId: run.workspaceId,
    kind: 'agent.run',
    total: 0,
    message: run.title,
    subjectId: run.id,
    createdBy: run.createdBy,
  })
}

/** Budgets of agents hold only in runs that have one themselves. */
async function openBudget(
  sql: Sql,
  run: { id: string; orgId: string; workspaceId: string; budgetMicrodollars: number | null },
): Promise<void> {
  if (run.budgetMicrodollars === null) return
  await openRunBudget(sql, {
    orgId: run.orgId,
    workspaceId: run.workspaceId,
    runId: run.id,
    limitMicrodollars: run.budgetMicrodollars,
    agents: Object.fromEntries(lords.map(({ key, limits }) => [key, limits.runMicrodollars])),
  })
}

const columns = (sql: Sql) => sql`
  r.id, r.playbook, r.status, r.error, r.budget_microdollars::float8 as budget_microdollars, r.job_id, r.created_by,
  r.created_at, r.updated_at, r.finished_at, c.cost_microdollars, c.input_tokens, c.output_tokens`

const costs = (sql: Sql) => sql`
  cross join lateral (
    select coalesce(sum(l.cost_microdollars), 0)::float8 as cost_microdollars,
      coalesce(sum(l.input_tokens), 0)::float8 as input_tokens,
      coalesce(sum(l.output_tokens), 0)::float8 as output_tokens
    from cost_logs l where l.run_id = r.id
  ) c`

/** @throws AppError NOT_FOUND */
export async function readRun(sql: Sql, id: string): Promise<Run> {
  const [run] = await sql<Run[]>`select ${columns(sql)} from agent_runs r ${costs(sql)} where r.id = ${id}`
  if (!run) throw notFound('Run')
  return run
}

export interface RunFilter {
  workspaceId: string | null
  playbook: string | null
  status: RunStatus | null
}

/** The runs of a workspace, newest first. */
export function listRuns(sql: Sql, filter: RunFilter, page: Page): Promise<Run[]> {
  return sql<Run[]>`
    select ${columns(sql)} from agent_runs r ${costs(sql)}
    where r.workspace_id = ${filter.workspaceId} and r.id < ${page.before ?? endOfIds}
      ${filter.playbook === null ? sql`` : sql`and r.playbook = ${filter.playbook}`}
      ${filter.status === null ? sql`` : sql`and r.status = ${filter.status}`}
    order by r.id desc limit ${page.size + 1}`
}

/** A run with everything of it as it is stored. */
export interface StoredRun {
  run: Run
  orgId: string
  workspaceId: string
  input: Kept
  output: Kept
  steps: StoredStep[]
  toolCalls: ToolCallRecord[]
}

export interface StoredStep extends StepState {
  agent: string | null
  attempt: number
  output: Json | null
  output_key: string | null
  error: { code: string; message: string } | null
  decided_by: string | null
  started_at: string | null
  finished_at: string | null
  milliseconds: number | null
  cost_microdollars: number
  input_tokens: number
  output_tokens: number
}

/** @throws AppError NOT_FOUND */
export async function loadRun(sql: Sql, id: string): Promise<StoredRun> {
  const run = await readRun(sql, id)
  const [more] = await sql<
    {
      org_id: string
      workspace_id: string
      input: Json
      input_key: string | null
      output: Json
      output_key: string | null
    }[]
  >`
    select org_id, workspace_id, input, input_key, output, output_key from agent_runs where id = ${id}`
  if (!more) throw notFound('Run')
  const steps = await sql<StoredStep[]>`
    select s.node, s.iteration, s.agent, s.status, s.attempt, s.taken, s.tainted, s.output, s.output_key, s.error,
      s.decided_by, s.started_at, s.finished_at,
      (extract(epoch from s.finished_at - s.started_at) * 1000)::integer as milliseconds,
      coalesce(sum(l.cost_microdollars), 0)::float8 as cost_microdollars,
      coalesce(sum(l.input_tokens), 0)::float8 as input_tokens,
      coalesce(sum(l.output_tokens), 0)::float8 as output_tokens
    from agent_run_steps s
    left join cost_logs l on l.run_id = s.run_id and l.node = s.node and l.iteration = s.iteration
    where s.run_id = ${id}
    group by s.run_id, s.node, s.iteration
    order by s.created_at, s.iteration, s.node`
  const toolCalls = await sql<ToolCallRecord[]>`
    select id, node, iteration, attempt, agent, tool, input, output, status, error, milliseconds, created_at
    from agent_tool_calls where run_id = ${id} order by id limit 1000`
  return {
    run,
    orgId: more.org_id,
    workspaceId: more.workspace_id,
    input: { value: more.input, key: more.input_key },
    output: { value: more.output, key: more.output_key },
    steps,
    toolCalls,
  }
}

interface LockedRun {
  id: string
  orgId: string
  workspaceId: string
  playbook: string
  status: RunStatus
  jobId: string | null
  createdBy: string | null
  budgetMicrodollars: number | null
}

/** @throws AppError NOT_FOUND */
async function lockRun(sql: Sql, id: string): Promise<LockedRun> {
  const [run] = await sql<LockedRun[]>`
    select id, org_id as "orgId", workspace_id as "workspaceId", playbook, status, job_id as "jobId",
      created_by as "createdBy", budget_microdollars::float8 as "budgetMicrodollars"
    from agent_runs where id = ${id} for update`
  if (!run) throw notFound('Run')
  return run
}

function requireActive(run: LockedRun): void {
  if (!isActive(run.status)) throw new AppError('CONFLICT', `The run is ${run.status}`)
}

/** Ends a run: what is under way loses its lease, and with it every effect. @throws AppError NOT_FOUND, CONFLICT */
export async function cancelRun(context: RunContext, id: string, why: { code: string; message: string }): Promise<Run> {
  const { sql } = context
  const run = await lockRun(sql, id)
  requireActive(run)
  await endRun(context, run, 'cancelled', why)
  return readRun(sql, id)
}

async function endRun(
  { sql, publish }: RunContext,
  run: LockedRun,
  status: 'cancelled' | 'failed',
  error: { code: string; message: string },
): Promise<void> {
  await sql`
    update agent_runs set status = ${status}, error = ${sql.json(error)}, updated_at = now(), finished_at = now()
    where id = ${run.id}`
  await sql`
    update agent_run_steps set status = 'cancelled', lease = null, leased_until = null, finished_at = now()
    where run_id = ${run.id} and status in ('pending', 'running', 'waiting')`
  await closeRunBudget(sql, { workspaceId: run.workspaceId, runId: run.id })
  if (run.jobId) await finishJob(sql, run.jobId, { status, message: error.message, error })
  await publish(runChanged, { run_id: run.id, status }, { orderingKey: run.id })
}

export interface Decision {
  runId: string
  node: string
  approved: boolean
  comment: string | null
  userId: string | null
}

/**
 * Decides on a step that waits for an approval: the run goes on, or ends.
 * @throws AppError NOT_FOUND, PERMISSION_DENIED, CONFLICT when nothing waits there
 */
export async function decideRun(
  context: RunContext,
  graphOf: (playbook: string) => Graph | undefined,
  may: (permission: Permission) => boolean,
  decision: Decision,
): Promise<Run> {
  const { sql } = context
  const run = await lockRun(sql, decision.runId)
  const graph = graphOf(run.playbook)
  const node = graph?.playbook.nodes[decision.node]
  if (!graph || node?.kind !== 'approval') throw notFound('Approval')
  if (!may(node.permission)) throw new AppError('PERMISSION_DENIED', `This needs ${node.permission}`)
  requireActive(run)
  const [waiting] = await sql<{ iteration: number }[]>`
    select iteration from agent_run_steps
    where run_id = ${run.id} and node = ${decision.node} and status = 'waiting'`
  if (!waiting) throw new AppError('CONFLICT', 'Nothing waits for a decision there')
  const { approved, comment } = decision
  // Edges of an approval ask nothing, so no outputs are needed to take them.
  const taken = approved ? takenFrom(graph, decision.node, waiting.iteration, { input: null, outputs: {} }) : []
  await sql`
    update agent_run_steps set status = ${approved ? 'succeeded' : 'cancelled'}, taken = ${sql.json(taken)},
      output = ${sql.json({ approved, comment })}, decided_by = ${decision.userId}, started_at = created_at,
      finished_at = now()
    where run_id = ${run.id} and node = ${decision.node} and iteration = ${waiting.iteration}`
  if (approved) await goOn(context, graph, run)
  else await endRun(context, run, 'cancelled', { code: 'REJECTED', message: comment ?? 'Rejected' })
  return readRun(sql, run.id)
}

/**
 * Goes on with a run that failed or was cancelled, from the steps that were not done; those that were are kept. It counts
 * like a new one.
 * @throws AppError NOT_FOUND, CONFLICT; RATE_LIMITED and BUDGET_EXCEEDED as `createRun`
 */
export async function retryRun(
  context: RunContext,
  graphOf: (playbook: string) => Graph | undefined,
  id: string,
  by: { userId: string | null; maximumActive: number; at: Date; defaultPlanId: string },
): Promise<Run> {
  const { sql } = context
  const run = await lockRun(sql, id)
  const graph = graphOf(run.playbook)
  if (!graph) throw new AppError('CONFLICT', 'There is no such playbook any more')
  if (run.status !== 'failed' && run.status !== 'cancelled') {
    throw new AppError('CONFLICT', `The run is ${run.status}`)
  }
  await requireRoom(sql, { ...by, orgId: run.orgId })
  const jobId = newId()
  await startRunJob(sql, jobId, { ...run, createdBy: by.userId, title: graph.playbook.title })
  await sql`
    update agent_runs set status = 'queued', error = null, finished_at = null, job_id = ${jobId}, updated_at = now()
    where id = ${id}`
  // An approval that was refused is asked for once more.
  const again = await sql<{ node: string; iteration: number; status: string }[]>`
    update agent_run_steps set status = case when agent is null then 'waiting' else 'pending' end,
      attempt = 0, error = null, output = null, output_key = null, decided_by = null, not_before = null,
      started_at = null, finished_at = null
    where run_id = ${id} and status in ('failed', 'cancelled')
    returning node, iteration, status`
  await openBudget(sql, run)
  await goOn(context, graph, run)
  for (const { node, iteration } of again.filter(({ status }) => status === 'pending')) {
    await enqueueStep(context, graph, { run_id: id, node, iteration }, { workspaceId: run.workspaceId })
  }
  return readRun(sql, id)
}
