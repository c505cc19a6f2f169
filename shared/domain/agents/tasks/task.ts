import type * as v from 'valibot'
import type { Json } from '../../sql.ts'

/** Something that agents ask of models, for language models and for the rule-based one alike. */
export interface AgentTask<Output extends v.GenericSchema = v.GenericSchema> {
  name: string
  /** Our own words to a language model; nothing from outside is part of them. */
  system: string
  output: Output
  /** The same by rules, from the material alone; null where only a language model can do it. */
  rule: ((material: Json) => v.InferOutput<Output>) | null
}

export function defineAgentTask<const Output extends v.GenericSchema>(task: AgentTask<Output>): AgentTask<Output> {
  return task
}
