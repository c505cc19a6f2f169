import { type Graph, loopOf } from './graph.ts'
import type { Edge, State } from './playbook.ts'

export const stepStatuses = ['pending', 'running', 'waiting', 'succeeded', 'skipped', 'failed', 'cancelled'] as const
export type StepStatus = (typeof stepStatuses)[number]

/** A node in one of its iterations, as far as it has come. */
export interface StepState {
  node: string
  iteration: number
  status: StepStatus
  /** Nodes to which it went on, once it has succeeded. */
  taken: readonly string[]
  /** It read text from outside. */
  tainted: boolean
}

/** A step that is to be made. */
export interface NextStep {
  node: string
  iteration: number
  status: 'pending' | 'waiting' | 'skipped'
}

/** Where a run goes on from a node that has ended: back, or on along every edge whose condition holds. */
export function takenFrom({ playbook }: Graph, node: string, iteration: number, state: State): string[] {
  const edges = playbook.edges.filter(({ from }) => from === node)
  const holds = ({ when }: Edge) => when === undefined || when(state)
  const back = edges.find((edge) => edge.repeats !== undefined && iteration < edge.repeats && holds(edge))
  if (back) return [back.to]
  return edges.filter((edge) => edge.repeats === undefined && holds(edge)).map(({ to }) => to)
}

class Steps {
  readonly #steps = new Map<string, StepState>()

  constructor(steps: Iterable<StepState>) {
    for (const step of steps) this.add(step)
  }

  add(step: StepState): void {
    this.#steps.set(`${step.node} ${step.iteration}`, step)
  }

  get(node: string, iteration: number): StepState | undefined {
    return this.#steps.get(`${node} ${iteration}`)
  }

  lastIteration(node: string): number {
    let iteration = 0
    while (this.get(node, iteration + 1)) iteration++
    return iteration
  }

  all(): StepState[] {
    return [...this.#steps.values()]
  }
}

/**
 * What is to be made beyond the steps that there are. It depends on nothing but them, so it is the same whoever asks,
 * in whichever order they ended.
 */
export function nextSteps(graph: Graph, steps: readonly StepState[]): NextStep[] {
  const known = new Steps(steps)
  const made: NextStep[] = []
  for (let found = findNext(graph, known); found; found = findNext(graph, known)) {
    made.push(found)
    known.add({ ...found, taken: [], tainted: false })
  }
  return made
}

function findNext(graph: Graph, known: Steps): NextStep | null {
  for (const node of graph.order) {
    const iteration = known.get(node, 0) ? known.lastIteration(node) + 1 : 0
    const fate = fateOf(graph, known, node, iteration)
    if (fate === 'open') continue
    if (fate === 'dead') return { node, iteration, status: 'skipped' }
    return { node, iteration, status: graph.playbook.nodes[node]!.kind === 'approval' ? 'waiting' : 'pending' }
  }
  return null
}

type Fate = 'open' | 'taken' | 'dead'

function fateOf(graph: Graph, known: Steps, node: string, iteration: number): Fate {
  const loop = loopOf(graph, node)
  if (iteration > 0 && !loop) return 'open'
  if (iteration > 0 && loop?.head === node) {
    const tail = known.get(loop.tail, iteration - 1)
    return tail?.status === 'succeeded' && tail.taken.includes(node) ? 'taken' : 'open'
  }
  if (node === graph.playbook.start) return 'taken'
  const fates = graph.forward
    .filter(({ to }) => to === node)
    .map(({ from }) => edgeFate(graph, known, from, node, iteration))
  const anyTaken = fates.includes('taken')
  if (graph.playbook.nodes[node]!.join === 'any' && anyTaken) return 'taken'
  if (fates.includes('open')) return 'open'
  return anyTaken ? 'taken' : 'dead'
}

/** Whether a step leads to another: decided once it has ended, unless it has gone back instead. */
function edgeFate(graph: Graph, known: Steps, from: string, to: string, iteration: number): Fate {
  const loop = loopOf(graph, from)
  const inside = loop?.nodes.has(to) === true
  const step = known.get(from, inside ? iteration : loop ? known.lastIteration(from) : 0)
  if (step?.status === 'skipped') return 'dead'
  if (step?.status !== 'succeeded') return 'open'
  if (step.taken.includes(to)) return 'taken'
  const wentBack = loop !== null && !inside && step.taken.includes(loop.head)
  return wentBack ? 'open' : 'dead'
}

export type RunProgress = 'running' | 'waiting_approval' | 'completed' | 'failed'

/** How a run stands, by its steps. */
export function progressOf(graph: Graph, steps: readonly StepState[]): RunProgress {
  if (steps.some(({ status }) => status === 'failed')) return 'failed'
  // From the end it goes nowhere but back.
  const isEnd = ({ node, status, taken }: StepState) =>
    node === graph.end && status === 'succeeded' && taken.length === 0
  if (steps.some(isEnd)) return 'completed'
  if (steps.some(({ status }) => status === 'pending' || status === 'running')) return 'running'
  if (steps.some(({ status }) => status === 'waiting')) return 'waiting_approval'
  // Every way was refused by its condition.
  return 'failed'
}

/**
 * Whether a node works on text from outside that nobody has approved: it or a step that it follows has read some, with
 * no approval in between.
 */
export function needsApproval(graph: Graph, steps: readonly StepState[], node: string, iteration: number): boolean {
  const known = new Steps(steps)
  const seen = new Set<string>()
  const look = (name: string, at: number): boolean => {
    const step = known.get(name, at)
    if (!step || seen.has(`${name} ${at}`)) return false
    seen.add(`${name} ${at}`)
    if (graph.playbook.nodes[name]?.kind === 'approval') return false
    return step.tainted || before(graph, known, name, at).some(([from, of]) => look(from, of))
  }
  return look(node, iteration)
}

/** The steps from which a run came to a step. */
function before(graph: Graph, known: Steps, node: string, iteration: number): [string, number][] {
  const loop = loopOf(graph, node)
  if (loop?.head === node && iteration > 0) return [[loop.tail, iteration - 1]]
  return graph.forward
    .filter(({ to }) => to === node)
    .map(({ from }): [string, number] => {
      const source = loopOf(graph, from)
      if (source?.nodes.has(node)) return [from, iteration]
      return [from, source ? known.lastIteration(from) : 0]
    })
    .filter(([from, at]) => known.get(from, at)?.taken.includes(node))
}
