import { closeRunBudget } from '../costs/run-budgets.ts'
import { AppError } from '../errors.ts'
import type { Enqueue, Publish } from '../messaging.ts'
import { nextSteps, progressOf, type StepState } from './advance.ts'
import type { Catalogue } from './catalogue.ts'
import type { Graph } from './graph.ts'
import { doLongStep, doStep, type RunStep, runChanged } from './messages.ts'
import type { RunStatus } from './schemas.ts'
import { type Advance, advanceRun, endStep, failEndedStep, leaseSeconds, readProgress } from './steps.ts'
import type { Effect, EffectContext } from './tools.ts'
import type { Done, WorkOutcome } from './work.ts'

type Sending = { enqueue: Enqueue; publish: Publish }

/** Writes down what came of a step, does what its tools were to do, and goes on: all of it or nothing. */
export async function recordWork(
  context: EffectContext,
  catalogue: Catalogue,
  step: RunStep,
  outcome: WorkOutcome,
): Promise<void> {
  if (outcome.kind === 'nothing') return
  const graph = catalogue.playbooks.get(outcome.kind === 'busy' ? outcome.playbook : outcome.claim.run.playbook)
  if (outcome.kind === 'busy') {
    // Whoever holds the lease may die: then it is over by that time.
    const over = new Date(context.now.getTime() + (leaseSeconds + 1) * 1000)
    if (graph) await enqueueStep(context, graph, step, { notBefore: over })
    return
  }
  // Fenced: somebody else has the step by now, and what was done here has no effect.
  if (!(await endStep(context.sql, step, outcome.lease, outcome.end))) return
  if (outcome.effects.length > 0) {
    const refusal = await takeEffect(context, outcome.effects)
    if (refusal) {
      await failEndedStep(context.sql, step, refusal)
      outcome = { ...outcome, end: { status: 'failed', error: refusal }, output: null }
    }
  }
  if (!graph) return endUnknown(context, outcome.claim.run, outcome)
  if (outcome.end.status === 'pending') {
    await enqueueStep(context, graph, step, { notBefore: outcome.end.notBefore })
  }
  await goOn(context, graph, outcome.claim.run, outcome)
}

/**
 * Does what the step's tools were to do: all of it or, when one of them is refused now, nothing.
 * @returns why it was refused
 */
async function takeEffect(
  context: EffectContext,
  effects: readonly Effect[],
): Promise<{ code: string; message: string } | null> {
  const { sql } = context
  // What is sent and audited can't be taken back by the database.
  const later: (() => unknown)[] = []
  const held: EffectContext = {
    sql,
    now: context.now,
    config: context.config,
    publish: async (...message) => void later.push(() => context.publish(...message)),
    enqueue: async (...task) => void later.push(() => context.enqueue(...task)),
    audit: (...entry) => later.push(() => context.audit(...entry)),
  }
  await sql`savepoint effects`
  try {
    for (const effect of effects) await effect(held)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await sql`rollback to savepoint effects`
    return { code: error.code, message: error.message }
  }
  for (const send of later) await send()
  return null
}

/** The task of a step, on the queue that its node wants. */
export async function enqueueStep(
  { enqueue }: Pick<Sending, 'enqueue'>,
  graph: Graph | null,
  step: RunStep,
  options: { notBefore?: Date; workspaceId?: string } = {},
): Promise<void> {
  const node = graph?.playbook.nodes[step.node]
  const task = node?.kind === 'work' && node.queue === 'long-running' ? doLongStep : doStep
  await enqueue(task, step, options)
}

/** Makes and enqueues what comes next in a run, which is locked, and tells how it stands. */
export async function goOn(
  context: Pick<EffectContext, 'sql' | 'enqueue' | 'publish'>,
  graph: Graph,
  { id: runId, workspaceId }: { id: string; workspaceId: string },
  done: Pick<Done, 'toolCalls' | 'output'> | null = null,
): Promise<RunStatus> {
  const steps = await readProgress(context.sql, runId)
  const failed = steps.some(({ status }) => status === 'failed')
  const next = failed ? [] : nextSteps(graph, steps)
  const all: StepState[] = [...steps, ...next.map((step) => ({ ...step, taken: [], tainted: false }))]
  const status = progressOf(graph, all)
  const stuck = status === 'failed' && !failed
  await advanceRun(context.sql, {
    runId,
    next: next.map((step) => ({ ...step, agent: agentOf(graph, step.node) })),
    run: {
      status,
      output: done?.output?.value ?? null,
      outputKey: done?.output?.key ?? null,
      error: status === 'failed' ? failure(graph, steps, stuck) : null,
    },
    progress: describe(graph, all, status),
    toolCalls: done?.toolCalls ?? [],
    attempts: done ? 1 : 0,
  })
  for (const { node, iteration } of next.filter((step) => step.status === 'pending')) {
    await enqueueStep(context, graph, { run_id: runId, node, iteration }, { workspaceId })
  }
  if (status === 'completed' || status === 'failed') await closeRunBudget(context.sql, { workspaceId, runId })
  if (status !== 'running')
    await context.publish(runChanged, { run_id: runId, status }, { orderingKey: runId, workspaceId })
  return status
}

function agentOf({ playbook }: Graph, name: string): string | null {
  const node = playbook.nodes[name]
  return node?.kind === 'work' ? node.agent : null
}

function failure(graph: Graph, steps: readonly StepState[], stuck: boolean): { code: string; message: string } {
  if (stuck) return { code: 'NO_WAY_ON', message: 'No edge of the playbook could be taken' }
  const names = steps.filter(({ status }) => status === 'failed').map(({ node }) => titleOf(graph, node))
  return { code: 'STEP_FAILED', message: `This step failed: ${names.join(', ')}` }
}

function titleOf({ playbook }: Graph, node: string): string {
  return playbook.nodes[node]?.title ?? node
}

function describe(graph: Graph, steps: readonly StepState[], status: RunStatus): Advance['progress'] {
  const titles = (wanted: StepState['status'][]) =>
    steps.filter((step) => wanted.includes(step.status)).map(({ node }) => titleOf(graph, node))
  const done = steps.filter((step) => step.status === 'succeeded' || step.status === 'skipped').length
  const total = Math.max(done, Object.keys(graph.playbook.nodes).length + steps.filter((s) => s.iteration > 0).length)
  const message = {
    completed: () => 'Done',
    failed: () => `Failed at: ${titles(['failed']).join(', ') || 'the end'}`,
    waiting_approval: () => `Waits for: ${titles(['waiting']).join(', ')}`,
  }[status as string]
  return { done, total, message: (message?.() ?? `Next: ${titles(['pending', 'running']).join(', ')}`).slice(0, 500) }
}

/** The playbook itself is gone, and with it every way on. */
async function endUnknown(
  context: Pick<EffectContext, 'sql' | 'publish'>,
  { id: runId, workspaceId }: { id: string; workspaceId: string },
  done: Pick<Done, 'toolCalls'> | null = null,
): Promise<void> {
  const error = { code: 'NO_PLAYBOOK', message: 'There is no such playbook any more' }
  await advanceRun(context.sql, {
    runId,
    next: [],
    run: { status: 'failed', output: null, outputKey: null, error },
    progress: { done: 0, total: 0, message: 'Failed' },
    toolCalls: done?.toolCalls ?? [],
    attempts: done ? 1 : 0,
  })
  await closeRunBudget(context.sql, { workspaceId, runId })
  await context.publish(runChanged, { run_id: runId, status: 'failed' }, { orderingKey: runId, workspaceId })
}

/** A step whose task was given up by its queue: the run ends as failed, and can be tried again from there. */
export async function giveUpStep(
  context: Pick<EffectContext, 'sql' | 'enqueue' | 'publish'>,
  catalogue: Catalogue,
  step: RunStep,
  error: { code: string; message: string },
): Promise<void> {
  const [run] = await context.sql<{ id: string; workspaceId: string; playbook: string }[]>`
    select id, workspace_id as "workspaceId", playbook from agent_runs
    where id = ${step.run_id} and status in ('queued', 'running', 'waiting_approval') for update`
  if (!run) return
  const ended = await context.sql`
    update agent_run_steps set status = 'failed', lease = null, leased_until = null, finished_at = now(),
      error = ${context.sql.json(error)}
    where run_id = ${step.run_id} and node = ${step.node} and iteration = ${step.iteration}
      and (status = 'pending' or (status = 'running' and leased_until < now()))
    returning 1`
  if (ended.length === 0) return
  const graph = catalogue.playbooks.get(run.playbook)
  if (graph) await goOn(context, graph, run)
  else await endUnknown(context, run)
}
