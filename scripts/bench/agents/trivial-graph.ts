import * as v from 'valibot'
import { type Graph, toGraph } from '#shared/domain/agents/graph.ts'
import type { WorkNode } from '#shared/domain/agents/playbook.ts'

/** How often a run does a node of the graph: start, three branches, join and again twice, end. */
export const stepsPerRun = 9
/** Times that `again` goes back to `join`. */
export const repeats = 1

/** What a node gives, in both engines. */
export interface NodeOutput {
  node: string
  seen: number
}

const node: WorkNode = {
  kind: 'work',
  title: 'Nothing',
  agent: 'herald',
  queue: 'priority',
  timeoutSeconds: 20,
  attempts: 3,
  work: async ({ node, state }) => ({ node, seen: Object.keys(state.outputs).length }),
}

/** start, three branches at once, a join, a loop of two rounds, end; no node does anything. */
export const trivialGraph: Graph = toGraph({
  id: 'bench-trivial',
  title: 'Nothing, nine times',
  description: 'What the engine costs by itself',
  input: v.any(),
  start: 'start',
  nodes: { start: node, left: node, middle: node, right: node, join: node, again: node, end: node },
  edges: [
    { from: 'start', to: 'left' },
    { from: 'start', to: 'middle' },
    { from: 'start', to: 'right' },
    { from: 'left', to: 'join' },
    { from: 'middle', to: 'join' },
    { from: 'right', to: 'join' },
    { from: 'join', to: 'again' },
    { from: 'again', to: 'join', repeats, when: () => true },
    { from: 'again', to: 'end' },
  ],
  output: ({ outputs }) => ({ ...outputs }),
})
