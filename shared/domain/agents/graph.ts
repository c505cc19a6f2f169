import { queueDeadlineSeconds } from './messages.ts'
import type { Edge, Playbook } from './playbook.ts'

/** A part of a playbook that may be done again: its head, and everything between it and the node that goes back. */
export interface Loop {
  edge: Edge
  head: string
  tail: string
  nodes: ReadonlySet<string>
}

/** A playbook that was found sound, with what is known of its shape. */
export interface Graph {
  playbook: Playbook
  forward: readonly Edge[]
  loops: readonly Loop[]
  /** The one node at which every run ends. */
  end: string
  /** Each node comes after those that it follows. */
  order: readonly string[]
}

/** A step beside its declared limit: to write down how it ended. */
const spareSeconds = 5

/**
 * Finds out the shape of a playbook.
 * @throws Error that names everything that is wrong with it
 */
export function toGraph(playbook: Playbook): Graph {
  const names = Object.keys(playbook.nodes)
  const problems: string[] = []
  for (const { from, to } of playbook.edges) {
    for (const name of [from, to]) if (!names.includes(name)) problems.push(`the edge ${from} → ${to} has no ${name}`)
  }
  if (!names.includes(playbook.start)) problems.push(`there is no start ${playbook.start}`)
  const pairs = playbook.edges.map(({ from, to }) => `${from} → ${to}`)
  for (const pair of pairs.filter((one, at) => pairs.indexOf(one) < at)) problems.push(`${pair} is there twice`)
  refuse(playbook, problems)

  const forward = playbook.edges.filter((edge) => edge.repeats === undefined)
  const order = sort(names, forward)
  if (order === null) refuse(playbook, ['it goes in circles; an edge that goes back needs `repeats`'])
  const reached = follow(playbook.start, forward, 'to')
  for (const name of names) if (!reached.has(name)) problems.push(`nothing leads to ${name}`)
  const ends = names.filter((name) => !forward.some(({ from }) => from === name))
  if (ends.length !== 1) problems.push(`it must end at one node, not at ${ends.join(', ')}`)
  for (const end of ends) {
    // What a run gives is made where its last work is done.
    if (playbook.nodes[end]?.kind === 'approval') problems.push(`nothing follows the approval ${end}`)
  }
  if (forward.some(({ to }) => to === playbook.start)) problems.push('an edge leads back to the start')
  const loops = playbook.edges.filter((edge) => edge.repeats !== undefined).map((edge) => toLoop(edge, forward))
  problems.push(...loops.flatMap((loop) => problemsOf(loop, loops, forward)))
  problems.push(...names.flatMap((name) => problemsOfNode(playbook, name)))
  refuse(playbook, problems)
  return { playbook, forward, loops, end: ends[0]!, order: order! }
}

function refuse({ id }: Playbook, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`the playbook ${id} is not sound: ${problems.join('; ')}`)
}

/** Kahn's algorithm; null when there is a circle. */
function sort(names: readonly string[], edges: readonly Edge[]): string[] | null {
  const order: string[] = []
  const left = new Set(names)
  while (left.size > 0) {
    const free = [...left].filter((name) => !edges.some(({ from, to }) => to === name && left.has(from)))
    if (free.length === 0) return null
    for (const name of free) left.delete(name)
    order.push(...free)
  }
  return order
}

/** The node and everything that edges lead to from it, or from which they lead to it. */
export function follow(node: string, edges: readonly Edge[], way: 'to' | 'from'): Set<string> {
  const found = new Set([node])
  for (const name of found) {
    for (const edge of edges) if ((way === 'to' ? edge.from : edge.to) === name) found.add(edge[way])
  }
  return found
}

function toLoop(edge: Edge, forward: readonly Edge[]): Loop {
  const after = follow(edge.to, forward, 'to')
  const before = follow(edge.from, forward, 'from')
  return { edge, head: edge.to, tail: edge.from, nodes: after.intersection(before) }
}

function problemsOf(loop: Loop, loops: readonly Loop[], forward: readonly Edge[]): string[] {
  const name = `the way back ${loop.tail} → ${loop.head}`
  const problems: string[] = []
  if (!loop.nodes.has(loop.head)) problems.push(`${name} goes to no node before it`)
  if (!Number.isInteger(loop.edge.repeats) || loop.edge.repeats! < 1) problems.push(`${name} needs whole repeats`)
  if (!loop.edge.when) problems.push(`${name} needs a condition`)
  for (const { from, to } of forward) {
    if (!loop.nodes.has(from) && loop.nodes.has(to) && to !== loop.head) {
      problems.push(`${name} is entered at ${to}, not at its head`)
    }
    if (loop.nodes.has(from) && !loop.nodes.has(to) && from !== loop.tail) {
      problems.push(`${name} is left at ${from}, not where it goes back`)
    }
  }
  if (loops.some((other) => other !== loop && !other.nodes.isDisjointFrom(loop.nodes))) {
    problems.push(`${name} overlaps another`)
  }
  return problems
}

function problemsOfNode({ nodes, edges }: Playbook, name: string): string[] {
  const node = nodes[name]!
  if (node.kind === 'approval') {
    return edges.some(({ from, when }) => from === name && when)
      ? [`the edges of the approval ${name} ask something`]
      : []
  }
  const problems: string[] = []
  const most = queueDeadlineSeconds[node.queue] - spareSeconds
  if (node.timeoutSeconds > most) problems.push(`${name} may take ${most} seconds on the queue ${node.queue}`)
  if (!Number.isInteger(node.attempts) || node.attempts < 1) problems.push(`${name} needs attempts`)
  return problems
}

/** The loop that a node is part of. */
export function loopOf({ loops }: Graph, node: string): Loop | null {
  return loops.find(({ nodes }) => nodes.has(node)) ?? null
}

/** The graph as text of Mermaid's flowcharts, for people. */
export function toMermaid({ playbook }: Graph): string {
  const number = new Map(Object.keys(playbook.nodes).map((name, at) => [name, `n${at}`]))
  const nodes = Object.entries(playbook.nodes).map(([name, node]) =>
    node.kind === 'approval'
      ? `  ${number.get(name)}{{"${quoted(node.title)}"}}`
      : `  ${number.get(name)}["${quoted(node.title)}<br/><i>${node.agent}</i>"]`,
  )
  const edges = playbook.edges.map(({ from, to, label, when, repeats }) => {
    const arrow = when || repeats ? '-.->' : '-->'
    return `  ${number.get(from)} ${arrow}${label ? `|"${quoted(label)}"|` : ''} ${number.get(to)}`
  })
  return ['flowchart TD', ...nodes, ...edges].join('\n')
}

/** Mermaid's entities for what would end a text or begin a tag. */
function quoted(text: string): string {
  return text.replace(/[&"<>#;]/g, (character) => `#${character.codePointAt(0)};`)
}
