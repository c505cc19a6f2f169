import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { queuePolicies } from '#shared/runtime/policies.ts'
import { toGraph, toMermaid } from './graph.ts'
import { queueDeadlineSeconds } from './messages.ts'
import type { Edge, Playbook, PlaybookNode } from './playbook.ts'

const work: PlaybookNode = {
  kind: 'work',
  title: 'Work',
  agent: 'cognition',
  queue: 'priority',
  timeoutSeconds: 10,
  attempts: 3,
  work: async () => null,
}
const approval: PlaybookNode = {
  kind: 'approval',
  title: 'Approve',
  permission: 'intelligence:write',
  shows: () => null,
}

function playbook(nodes: Record<string, PlaybookNode>, edges: Edge[], start = 'a'): Playbook {
  return { id: 'p', title: 'P', description: '', input: v.any(), start, nodes, edges, output: () => null }
}

const chain = (...names: string[]): Edge[] => names.slice(1).map((to, at) => ({ from: names[at]!, to }))
const named = (...names: string[]) => Object.fromEntries(names.map((name) => [name, work]))

test('a sound playbook has an order, one end, and loops with a head and a tail', () => {
  const back: Edge = { from: 'c', to: 'b', repeats: 2, when: () => true }
  const graph = toGraph(playbook(named('a', 'b', 'c', 'd'), [...chain('a', 'b', 'c', 'd'), back]))
  expect(graph.order).toEqual(['a', 'b', 'c', 'd'])
  expect(graph.end).toBe('d')
  expect(graph.loops).toMatchObject([{ head: 'b', tail: 'c' }])
  expect([...graph.loops[0]!.nodes]).toEqual(['b', 'c'])
})

describe('what is not sound is refused, by name', () => {
  const whenever = () => true
  test.each<[string, Record<string, PlaybookNode>, Edge[], RegExp]>([
    ['an edge to nowhere', named('a'), chain('a', 'x'), /a → x has no x/],
    [
      'a node that nothing leads to',
      named('a', 'b', 'c'),
      [...chain('a', 'b'), ...chain('c', 'b')],
      /nothing leads to c/,
    ],
    ['two ends', named('a', 'b', 'c'), [...chain('a', 'b'), ...chain('a', 'c')], /end at one node, not at b, c/],
    ['a circle', named('a', 'b', 'c'), [...chain('a', 'b', 'c', 'b')], /circles/],
    ['an edge that is there twice', named('a', 'b'), [...chain('a', 'b'), ...chain('a', 'b')], /twice/],
    [
      'a way back without a bound',
      named('a', 'b', 'c'),
      [...chain('a', 'b', 'c'), { from: 'b', to: 'a', repeats: 0, when: whenever }],
      /whole repeats/,
    ],
    [
      'a way back without a condition',
      named('a', 'b', 'c'),
      [...chain('a', 'b', 'c'), { from: 'b', to: 'a', repeats: 1 }],
      /needs a condition/,
    ],
    [
      'a loop that is entered in the middle',
      named('a', 'b', 'c', 'd'),
      [...chain('a', 'b', 'c', 'd'), ...chain('a', 'c'), { from: 'c', to: 'b', repeats: 1, when: whenever }],
      /entered at c/,
    ],
    [
      'a loop that is left in the middle',
      named('a', 'b', 'c', 'd'),
      [...chain('a', 'b', 'c', 'd'), ...chain('b', 'd'), { from: 'c', to: 'b', repeats: 1, when: whenever }],
      /left at b/,
    ],
    [
      'an approval that asks something of its edges',
      { ...named('a', 'c'), b: approval },
      [...chain('a', 'b'), { from: 'b', to: 'c', when: whenever }],
      /approval b ask something/,
    ],
    ['an approval at the end', { ...named('a'), b: approval }, chain('a', 'b'), /nothing follows the approval b/],
    [
      'a node that may take longer than its queue lets it',
      { a: { ...work, timeoutSeconds: 60 } as PlaybookNode },
      [],
      /a may take 25 seconds on the queue priority/,
    ],
  ])('%s', (_, nodes, edges, message) => {
    expect(() => toGraph(playbook(nodes, edges))).toThrow(message)
  })
})

test('a playbook can be drawn, whatever its titles hold', () => {
  const nodes = { a: { ...work, title: 'Read "it" <b>' }, b: approval, c: work } as Record<string, PlaybookNode>
  const edges: Edge[] = [{ from: 'a', to: 'b', label: 'if; so', when: () => true }, ...chain('b', 'c')]
  expect(toMermaid(toGraph(playbook(nodes, edges))).split('\n')).toEqual([
    'flowchart TD',
    '  n0["Read #34;it#34; #60;b#62;<br/><i>cognition</i>"]',
    '  n1{{"Approve"}}',
    '  n2["Work<br/><i>cognition</i>"]',
    '  n0 -.->|"if#59; so"| n1',
    '  n1 --> n2',
  ])
})

test('nodes know the deadlines of the queues', () => {
  for (const [queue, seconds] of Object.entries(queueDeadlineSeconds)) {
    expect(queuePolicies[queue as keyof typeof queueDeadlineSeconds].deadlineSeconds).toBe(seconds)
  }
})
