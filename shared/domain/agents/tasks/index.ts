import type { Json } from '../../sql.ts'
import type { AgentTask } from './task.ts'

const all: readonly AgentTask[] = []

/** What the rule-based model can do, by the name of the task. */
export const localRules: Readonly<Record<string, (material: Json) => Json>> = Object.fromEntries(
  all.flatMap(({ name, rule }) => (rule === null ? [] : [[name, rule as (material: Json) => Json]])),
)
