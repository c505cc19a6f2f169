import { type Graph, toGraph } from '../graph.ts'
import type { Playbook } from '../playbook.ts'

const all: readonly Playbook[] = []

/** Every playbook by its id; one that is not sound keeps the program from starting. */
export const playbooks: ReadonlyMap<string, Graph> = new Map(all.map((playbook) => [playbook.id, toGraph(playbook)]))
