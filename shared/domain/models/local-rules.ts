import type { Json } from '../sql.ts'

/**
 * What `local:rules-1` can do, by the name of the task: pure functions from the material of the task to what its output
 * schema wants. A task that is not here needs a language model.
 */
export const localRules: Readonly<Record<string, (material: Json) => Json>> = {}
