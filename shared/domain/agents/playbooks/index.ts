import { type Graph, toGraph } from '../graph.ts'
import type { Playbook } from '../playbook.ts'
import { campaign } from './campaign/index.ts'
import { conflictReview } from './conflict-review.ts'
import { coverageGaps } from './coverage-gaps.ts'
import { investigateIndicator } from './investigate-indicator.ts'
import { reportToDefense } from './report-to-defense/index.ts'
import { trendWatch } from './trend-watch.ts'

const all: readonly Playbook[] = [
  reportToDefense,
  investigateIndicator,
  trendWatch,
  coverageGaps,
  conflictReview,
  campaign,
]

/** Every playbook by its id; one that is not sound keeps the program from starting. */
export const playbooks: ReadonlyMap<string, Graph> = new Map(all.map((playbook) => [playbook.id, toGraph(playbook)]))
