import { toJsonSchema } from '@valibot/to-json-schema'
import { AppError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Models, ToolSpecification } from '../models/types.ts'
import { storableText } from '../plain-text.ts'
import type { Json, Sql } from '../sql.ts'
import { needsApproval, type StepState, takenFrom } from './advance.ts'
import type { Catalogue } from './catalogue.ts'
import type { Graph } from './graph.ts'
import { type Artifacts, keep, recall, runArtifactKey } from './large-values.ts'
import { type Lord, lords } from './lords.ts'
import type { RunStep } from './messages.ts'
import type { NodeContext, State, WorkNode } from './playbook.ts'
import { isActive } from './schemas.ts'
import { type Claim, claimStep, leaseSeconds, noteToolCall, renewLease, type StepEnd } from './steps.ts'
import { ToolBelt } from './tool-belt.ts'
import { type Effect, type FetchText, type ToolCall, ToolRefusal } from './tools.ts'

/** What doing a step needs of its surroundings. */
export interface Surroundings {
  principal: { orgId: string; workspaceId: string | null; userId: string | null }
  requestId: string
  now: Date
  signal: AbortSignal
  log: { warn(message: string, fields?: Record<string, unknown>): void }
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  commit<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  objects: Artifacts
  models: Models
  fetchText: FetchText
}

/** What is to be written down of a step, in one transaction. */
export interface Done {
  lease: string
  end: StepEnd
  /** What the run gives, if this was its last step. */
  output: { value: Json | null; key: string | null } | null
  effects: readonly Effect[]
  toolCalls: readonly (ToolCall & { node: string; iteration: number; attempt: number; agent: string })[]
  claim: Claim
}

export type WorkOutcome =
  /** Ended already, or never there. */
  | { kind: 'nothing' }
  /** Somebody else does it; if they die, their lease is over then. */
  | { kind: 'busy'; playbook: string }
  | ({ kind: 'done' } & Done)

/** Of a node's time, for one answer: a model that hangs leaves some for the next one of its alias. */
const answerShare = 0.4

/** How often a lease is renewed: several times before it is over. */
const renewalMilliseconds = 5_000

/** Takes a step's lease and does its work; what came of it is written down by `recordWork`. */
export async function doWork(around: Surroundings, catalogue: Catalogue, step: RunStep): Promise<WorkOutcome> {
  const lease = newId()
  const claim = await around.commit((sql) => claimStep(sql, step, lease))
  if (!claim) return { kind: 'nothing' }
  if (claim.lease === null) {
    // One that is still pending was taken by somebody else at this moment.
    const isOpen = claim.status === 'running' || claim.status === 'pending'
    return isOpen && isActive(claim.run.status) ? { kind: 'busy', playbook: claim.run.playbook } : { kind: 'nothing' }
  }
  const keeper = new LeaseKeeper(around, step, lease)
  const belts: ToolBelt[] = []
  try {
    const end = await attempt(around, catalogue, { step, lease, claim, keeper, belts })
    return { kind: 'done', ...end, ...collected(belts, step, claim, catalogue), lease, claim }
  } catch (error) {
    if (keeper.isLost) return { kind: 'nothing' }
    const end = failureOf(error, around, catalogue, step, claim)
    return { kind: 'done', lease, claim, end, output: null, ...collected(belts, step, claim, catalogue), effects: [] }
  } finally {
    keeper.stop()
  }
}

interface Attempt {
  step: RunStep
  lease: string
  claim: Claim
  keeper: LeaseKeeper
  belts: ToolBelt[]
}

async function attempt(
  around: Surroundings,
  catalogue: Catalogue,
  { step, lease, claim, keeper, belts }: Attempt,
): Promise<Pick<Done, 'end' | 'output'>> {
  const { graph, node, lord } = find(catalogue, claim, step)
  if (claim.attempt > node.attempts) throw new AppError('CONFLICT', 'Its process ended at every attempt')
  if (claim.agent?.enabled === false) throw new AppError('CONFLICT', `${lord.name} is switched off in this workspace`)
  const state = await loadState(around.objects, claim)
  const own: StepState = { node: step.node, iteration: step.iteration, status: 'running', taken: [], tainted: false }
  const timeout = AbortSignal.timeout(node.timeoutSeconds * 1000)
  const signal = AbortSignal.any([around.signal, keeper.signal, timeout])
  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted()
    return work()
  }
  const read: NodeContext['read'] = (work) => guarded(() => around.read(work))
  const belt = new ToolBelt({
    tools: catalogue.tools,
    lord,
    context: {
      orgId: claim.run.orgId,
      workspaceId: claim.run.workspaceId,
      userId: claim.run.createdBy,
      agent: lord.key,
      runId: claim.run.id,
      node: step.node,
      correlationId: around.requestId,
      now: around.now,
      signal,
      read,
      fetchText: around.fetchText,
    },
    needsApproval: () => own.tainted || needsApproval(graph, [...claim.steps, own], step.node, step.iteration),
    taint: () => {
      own.tainted = true
    },
    note: (call) =>
      around.commit((sql) => noteToolCall(sql, step, { ...call, attempt: claim.attempt, agent: lord.key })),
    clock: () => performance.now(),
  })
  belts.push(belt)
  const context: NodeContext = {
    run: {
      id: claim.run.id,
      playbook: claim.run.playbook,
      orgId: claim.run.orgId,
      workspaceId: claim.run.workspaceId,
      userId: claim.run.createdBy,
    },
    node: step.node,
    iteration: step.iteration,
    agent: { key: lord.key, instructions: claim.agent?.instructions ?? '', settings: claim.agent?.settings ?? {} },
    state,
    now: around.now,
    signal,
    read,
    use: (tool, input) => guarded(() => belt.use(tool, input)),
    toolSpecifications: specify(catalogue, lord),
    readUntrusted: () => {
      own.tainted = true
    },
    complete: async (request) => {
      // A cancelled run, or a step that is somebody else's by now, spends nothing more.
      await keeper.renew()
      signal.throwIfAborted()
      return around.models.complete(
        {
          alias: node.model ?? lord.model,
          maximumOutputTokens: node.maximumOutputTokens ?? lord.limits.maximumOutputTokens,
          timeoutSeconds: node.timeoutSeconds * answerShare,
          ...request,
        },
        {
          orgId: claim.run.orgId,
          workspaceId: claim.run.workspaceId,
          runId: claim.run.id,
          step: { node: step.node, iteration: step.iteration },
          playbook: claim.run.playbook,
          agent: lord.key,
          userId: claim.run.createdBy,
        },
        signal,
      )
    },
  }
  const output = await unlessAborted(node.work(context), signal)
  const after: State = { input: state.input, outputs: { ...state.outputs, [step.node]: output } }
  const artifact = (name: string) => runArtifactKey(claim.run, `${name}-${lease}`)
  const kept = await keep(around.objects, artifact(step.node), output)
  const isLast = step.node === graph.end
  return {
    end: {
      status: 'succeeded',
      output: kept.value,
      outputKey: kept.key,
      taken: takenFrom(graph, step.node, step.iteration, after),
      tainted: own.tainted,
    },
    output: isLast ? await keep(around.objects, artifact('output'), graph.playbook.output(after)) : null,
  }
}

function collected(belts: readonly ToolBelt[], step: RunStep, claim: Claim, catalogue: Catalogue) {
  const node = catalogue.playbooks.get(claim.run.playbook)?.playbook.nodes[step.node]
  const by = { node: step.node, iteration: step.iteration, attempt: claim.attempt }
  return {
    effects: belts.flatMap((belt) => belt.effects),
    toolCalls: belts.flatMap((belt) =>
      belt.calls.map((call) => ({ ...call, ...by, agent: node?.kind === 'work' ? node.agent : '' })),
    ),
  }
}

function find(catalogue: Catalogue, claim: Claim, step: RunStep): { graph: Graph; node: WorkNode; lord: Lord } {
  const graph = catalogue.playbooks.get(claim.run.playbook)
  const node = graph?.playbook.nodes[step.node]
  const lord = node?.kind === 'work' ? lords.find(({ key }) => key === node.agent) : undefined
  if (graph && node?.kind === 'work' && lord) return { graph, node, lord }
  throw new AppError('CONFLICT', 'The playbook has changed since the run began, and has no such node any more')
}

function specify({ tools }: Catalogue, lord: Lord): ToolSpecification[] {
  return lord.tools.flatMap((name) => {
    const tool = tools.get(name)
    if (!tool) return []
    const inputSchema = { ...toJsonSchema(tool.input, { errorMode: 'ignore', typeMode: 'input' }) }
    return [{ name, description: tool.description, inputSchema: inputSchema as Record<string, Json> }]
  })
}

/** The outputs of the last iterations, those from the bucket too. */
async function loadState(objects: Artifacts, claim: Claim): Promise<State> {
  const ended = claim.steps.filter(({ status }) => status === 'succeeded')
  // By iteration, so that the last one stays.
  const last = new Map(ended.map((step) => [step.node, step]))
  const outputs = await Promise.all(
    [...last.values()].map(
      async ({ node, output, outputKey }) => [node, await recall(objects, { value: output, key: outputKey })] as const,
    ),
  )
  const input = await recall(objects, { value: claim.run.input, key: claim.run.inputKey })
  return { input, outputs: Object.fromEntries(outputs) }
}

/** Work that doesn't look at the signal is left behind; its effects were only collected. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The pauses between tries, in seconds: doubled each time, with a random part so that many don't come at once. */
function pauseSeconds(attempt: number): number {
  return Math.min(60, 2 ** attempt) * (0.5 + Math.random() / 2)
}

function failureOf(error: unknown, around: Surroundings, catalogue: Catalogue, step: RunStep, claim: Claim): StepEnd {
  const node = catalogue.playbooks.get(claim.run.playbook)?.playbook.nodes[step.node]
  const shown = toShown(error)
  around.log.warn('a step failed', { runId: step.run_id, node: step.node, attempt: claim.attempt, error })
  const curable = ['INTERNAL', 'UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT'].includes(shown.code)
  if (!curable || node?.kind !== 'work' || claim.attempt >= node.attempts) return { status: 'failed', error: shown }
  const notBefore = new Date(around.now.getTime() + pauseSeconds(claim.attempt) * 1000)
  return { status: 'pending', error: shown, notBefore }
}

function toShown(error: unknown): { code: string; message: string } {
  if (error instanceof AppError || error instanceof ToolRefusal) {
    return { code: error.code, message: storableText(error.message) }
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { code: 'TIMEOUT', message: 'The node took longer than it may' }
  }
  return { code: 'INTERNAL', message: 'The node failed' }
}

/** Keeps the lease while the work goes on, and stops the work when it is lost. */
class LeaseKeeper {
  readonly #around: Pick<Surroundings, 'commit'>
  readonly #step: RunStep
  readonly #lease: string
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  #renewedAt = performance.now()

  constructor(around: Pick<Surroundings, 'commit'>, step: RunStep, lease: string) {
    this.#around = around
    this.#step = step
    this.#lease = lease
    this.#timer = setInterval(() => void this.renew().catch(() => this.#giveUpWhenOver()), renewalMilliseconds)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isLost(): boolean {
    return this.#abort.signal.aborted
  }

  async renew(): Promise<void> {
    const askedAt = performance.now()
    if (await this.#around.commit((sql) => renewLease(sql, this.#step, this.#lease))) this.#renewedAt = askedAt
    else this.#lose()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The database doesn't answer: after the lease's time somebody else may have it. */
  #giveUpWhenOver(): void {
    if (performance.now() - this.#renewedAt >= leaseSeconds * 1000) this.#lose()
  }

  #lose(): void {
    this.stop()
    this.#abort.abort(new AppError('CONFLICT', 'The run has ended, or the step is done by somebody else'))
  }
}
