import { type Graph, toGraph } from '../graph.ts'
import type { Playbook } from '../playbook.ts'
import { coverageGaps } from './coverage-gaps.ts'
import { reportToDefense } from './report-to-defense/index.ts'

const all: readonly Playbook[] = [reportToDefense, coverageGaps]

/** Every playbook by its id; one that is not sound keeps the program from starting. */
export const playbooks: ReadonlyMap<string, Graph> = new Map(all.map((playbook) => [playbook.id, toGraph(playbook)]))
