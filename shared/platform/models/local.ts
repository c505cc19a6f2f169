import { type DriverAnswer, type DriverRequest, type ModelDriver, ModelError } from '#shared/domain/models/types.ts'
import type { Json } from '#shared/domain/sql.ts'

/** What the rule-based model can do, by the name of the task: pure functions of the material. */
export type LocalRules = Readonly<Record<string, (material: Json) => Json>>

/** Its one model. */
export const localModelName = 'rules-1'

/**
 * A model without a language model: it does tasks that it has rules for, at once, for nothing and always alike, and
 * refuses all others.
 */
export function createLocalModel(rules: LocalRules): ModelDriver {
  const complete = async (
    request: DriverRequest,
    signal: AbortSignal,
    onText?: (piece: string) => void,
  ): Promise<DriverAnswer> => {
    if (signal.aborted) throw new ModelError('unavailable', 'cancelled before it was asked')
    if (request.model !== localModelName) throw new ModelError('invalid', `there is no local model ${request.model}`)
    const rule = Object.hasOwn(rules, request.task) ? rules[request.task] : undefined
    if (!rule) throw new ModelError('refused', `the task ${request.task} needs a language model`)
    const output = applyRule(rule, request)
    const text = request.outputSchema === null && typeof output === 'string' ? output : JSON.stringify(output)
    onText?.(text)
    return {
      text,
      toolRequests: [],
      finish: 'stop',
      usage: { input: 0, cachedInput: 0, output: 0, thinking: 0 },
    }
  }
  return { name: 'local', boundInputTokens: () => 0, complete }
}

function applyRule(rule: LocalRules[string], { task, material }: DriverRequest): Json {
  try {
    return rule(material)
  } catch (error) {
    throw new ModelError('invalid', `the rule of the task ${task} failed`, { cause: error })
  }
}
