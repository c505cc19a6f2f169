import * as v from 'valibot'
import { type ModelAlias, type ModelName, modelAliases } from './types.ts'

/** `driver:model`; a model's own name may have colons too (`ollama:llama3.1:8b`). */
export const ModelNameText = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9]{0,19}:[A-Za-z0-9][A-Za-z0-9._:@/-]{0,99}$/, 'must be a name like gemini:gemini-2.5-flash'),
)

/** At most so many are asked one after the other. */
const maximumModels = 5

const ModelOrder = v.pipe(
  v.array(ModelNameText),
  v.minLength(1, 'must name a model'),
  v.maxLength(maximumModels, `must not name more than ${maximumModels} models`),
  v.check((names) => new Set(names).size === names.length, 'must not name a model twice'),
)

/** What a workspace sets itself: for an alias the models to ask, the first one first. What it leaves out is as installed. */
export const ModelSettings = v.strictObject({
  fast: v.optional(ModelOrder),
  standard: v.optional(ModelOrder),
  heavy: v.optional(ModelOrder),
})
export type ModelSettings = v.InferOutput<typeof ModelSettings>

/** Models of each alias in the order in which they are asked. */
export type Aliases = Readonly<Record<ModelAlias, readonly ModelName[]>>

/** Takes a `driver:model` apart, at the first colon. */
export function parseModelName(text: string): ModelName {
  const at = text.indexOf(':')
  return { driver: text.slice(0, at), model: text.slice(at + 1) }
}

export function modelNameText({ driver, model }: ModelName): string {
  return `${driver}:${model}`
}

/** The aliases of a workspace: its own settings over those of the installation. */
export function resolveAliases(
  installation: Readonly<Record<ModelAlias, readonly string[]>>,
  workspace: ModelSettings | null = null,
): Aliases {
  return Object.fromEntries(
    modelAliases.map((alias) => [alias, (workspace?.[alias] ?? installation[alias]).map(parseModelName)]),
  ) as unknown as Aliases
}
