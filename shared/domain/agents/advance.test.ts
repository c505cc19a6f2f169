import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { needsApproval, nextSteps, progressOf, type StepState, takenFrom } from './advance.ts'
import { type Graph, toGraph } from './graph.ts'
import type { Edge, PlaybookNode, State } from './playbook.ts'

const work: PlaybookNode = {
  kind: 'work',
  title: 'Work',
  agent: 'cognition',
  queue: 'priority',
  timeoutSeconds: 10,
  attempts: 1,
  work: async () => null,
}
const approval: PlaybookNode = {
  kind: 'approval',
  title: 'Approve',
  permission: 'intelligence:write',
  shows: () => null,
}

function graphOf(edges: Edge[], special: Record<string, Partial<PlaybookNode>> = {}): Graph {
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))]
  const nodes = Object.fromEntries(names.map((name) => [name, { ...work, ...special[name] } as PlaybookNode]))
  const start = names.find((name) => !edges.some((edge) => edge.to === name && edge.repeats === undefined))!
  return toGraph({ id: 'p', title: 'P', description: '', input: v.any(), start, nodes, edges, output: () => null })
}

/** Does a run to its end, taking open steps in the order that `choose` says; returns its steps. */
function simulate(graph: Graph, choose: (open: number) => number, tainted: ReadonlySet<string> = new Set()) {
  const steps: StepState[] = []
  const outputs: Record<string, number> = {}
  for (;;) {
    steps.push(...nextSteps(graph, steps).map((step) => ({ ...step, taken: [], tainted: false })))
    expect(nextSteps(graph, steps)).toEqual([])
    const open = steps.filter(({ status }) => status === 'pending' || status === 'waiting')
    if (open.length === 0 || progressOf(graph, steps) === 'completed') return steps
    const step = open[choose(open.length)]!
    outputs[step.node] = step.iteration
    const taken = takenFrom(graph, step.node, step.iteration, { input: null, outputs } satisfies State)
    Object.assign(step, { status: 'succeeded', taken, tainted: tainted.has(step.node) })
  }
}

const inOrder = () => 0
const brief = (steps: StepState[]) =>
  steps.map(({ node, iteration, status }) => `${node}${iteration || ''} ${status}`).sort()

describe('a run', () => {
  test('goes along a chain', () => {
    const steps = simulate(
      graphOf([
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
      ]),
      inOrder,
    )
    expect(brief(steps)).toEqual(['a succeeded', 'b succeeded', 'c succeeded'])
  })

  test('fans out and joins again: the join waits for all', () => {
    const graph = graphOf([
      { from: 'a', to: 'b' },
      { from: 'a', to: 'c' },
      { from: 'b', to: 'd' },
      { from: 'c', to: 'd' },
    ])
    const half: StepState[] = [
      { node: 'a', iteration: 0, status: 'succeeded', taken: ['b', 'c'], tainted: false },
      { node: 'b', iteration: 0, status: 'succeeded', taken: ['d'], tainted: false },
      { node: 'c', iteration: 0, status: 'running', taken: [], tainted: false },
    ]
    expect(nextSteps(graph, half)).toEqual([])
    expect(brief(simulate(graph, inOrder))).toEqual(['a succeeded', 'b succeeded', 'c succeeded', 'd succeeded'])
  })

  test('skips what no condition leads to, and joins without it', () => {
    const graph = graphOf([
      { from: 'a', to: 'b', when: () => false },
      { from: 'a', to: 'c' },
      { from: 'b', to: 'b2' },
      { from: 'b2', to: 'd' },
      { from: 'c', to: 'd' },
    ])
    expect(brief(simulate(graph, inOrder))).toEqual([
      'a succeeded',
      'b skipped',
      'b2 skipped',
      'c succeeded',
      'd succeeded',
    ])
  })

  test('begins an any-join at the first that arrives, once', () => {
    const graph = graphOf(
      [
        { from: 'a', to: 'b' },
        { from: 'a', to: 'c' },
        { from: 'b', to: 'd' },
        { from: 'c', to: 'd' },
      ],
      { d: { join: 'any' } },
    )
    const steps = simulate(graph, (open) => open - 1)
    expect(steps.filter(({ node }) => node === 'd')).toHaveLength(1)
    expect(progressOf(graph, steps)).toBe('completed')
  })

  test('goes back as often as its condition and its bound allow, and leaves the loop once', () => {
    const edges: Edge[] = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'c', to: 'd' },
      { from: 'c', to: 'b', repeats: 3, when: ({ outputs }) => (outputs.c as number) < 2 },
    ]
    expect(brief(simulate(graphOf(edges), inOrder))).toEqual([
      'a succeeded',
      'b succeeded',
      'b1 succeeded',
      'b2 succeeded',
      'c succeeded',
      'c1 succeeded',
      'c2 succeeded',
      'd succeeded',
    ])
    const forever = edges.map((edge) => (edge.repeats ? { ...edge, when: () => true } : edge))
    const steps = simulate(graphOf(forever), inOrder)
    expect(steps.filter(({ node }) => node === 'c').map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3])
    expect(steps.filter(({ node }) => node === 'd')).toHaveLength(1)
  })

  test('whose end goes back is not over before it has gone on', () => {
    const graph = graphOf([
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a', repeats: 2, when: ({ outputs }) => outputs.b !== 1 },
    ])
    expect(brief(simulate(graph, inOrder))).toEqual(['a succeeded', 'a1 succeeded', 'b succeeded', 'b1 succeeded'])
  })

  test('waits at an approval, and has failed when no edge could be taken', () => {
    const graph = graphOf(
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
      ],
      { b: approval },
    )
    const steps: StepState[] = [{ node: 'a', iteration: 0, status: 'succeeded', taken: ['b'], tainted: false }]
    expect(nextSteps(graph, steps)).toEqual([{ node: 'b', iteration: 0, status: 'waiting' }])
    const waiting: StepState = { node: 'b', iteration: 0, status: 'waiting', taken: [], tainted: false }
    expect(progressOf(graph, [...steps, waiting])).toBe('waiting_approval')
    const stuck = graphOf([{ from: 'a', to: 'b', when: () => false }])
    expect(progressOf(stuck, simulate(stuck, inOrder))).toBe('failed')
  })
})

/** Layers of nodes, each joined to some of the next; one start, one end, sometimes a way back in the middle. */
const layered = fc
  .record({
    widths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    choices: fc.infiniteStream(fc.nat(5)),
    loop: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
  })
  .map(({ widths, choices, loop }) => {
    const next = () => choices.next().value as number
    const layers = [['s'], ...widths.map((width, at) => Array.from({ length: width }, (_, n) => `n${at}_${n}`)), ['e']]
    const edges: Edge[] = []
    const add = (from: string, to: string) => {
      if (edges.some((edge) => edge.from === from && edge.to === to)) return
      const refused = next() === 0
      edges.push(refused ? { from, to, when: () => false } : { from, to })
    }
    for (const [at, layer] of layers.slice(0, -1).entries()) {
      const following = layers[at + 1]!
      for (const from of layer) add(from, following[next() % following.length]!)
      for (const to of following) add(layer[next() % layer.length]!, to)
    }
    if (loop !== null) {
      edges.push({ from: 'e', to: 'l0' }, { from: 'l0', to: 'l1' }, { from: 'l0', to: 'l2' })
      edges.push({ from: 'l1', to: 'l3' }, { from: 'l2', to: 'l3' }, { from: 'l3', to: 'z' })
      edges.push({ from: 'l3', to: 'l0', repeats: loop, when: () => true })
    }
    return graphOf(edges)
  })

test('whichever steps end first, the same steps are done, once each', () => {
  fc.assert(
    fc.property(layered, fc.infiniteStream(fc.nat(100)), (graph, order) => {
      const shuffled = simulate(graph, (open) => (order.next().value as number) % open)
      expect(brief(shuffled)).toEqual(brief(simulate(graph, inOrder)))
      expect(new Set(shuffled.map(({ node, iteration }) => `${node} ${iteration}`)).size).toBe(shuffled.length)
      // With nothing open, the end was reached or every way to it was refused.
      const end = shuffled.find(({ node }) => node === graph.end)
      expect(progressOf(graph, shuffled)).toBe(end?.status === 'succeeded' ? 'completed' : 'failed')
    }),
  )
})

describe('text from outside', () => {
  const graph = graphOf(
    [
      { from: 'a', to: 'read' },
      { from: 'a', to: 'other' },
      { from: 'read', to: 'write' },
      { from: 'write', to: 'ask' },
      { from: 'ask', to: 'publish' },
      { from: 'other', to: 'publish' },
    ],
    { ask: approval },
  )
  const asks = (tainted: string[], node: string) => {
    const steps = simulate(graph, inOrder, new Set(tainted))
    return needsApproval(graph, steps, node, 0)
  }

  test('holds for what follows it, until an approval', () => {
    expect(asks(['read'], 'read')).toBe(true)
    expect(asks(['read'], 'write')).toBe(true)
    expect(asks(['read'], 'publish')).toBe(false)
    expect(asks([], 'write')).toBe(false)
  })

  test('that comes by another way is not covered by the approval', () => {
    expect(asks(['other'], 'publish')).toBe(true)
    expect(asks(['other'], 'write')).toBe(false)
  })
})
