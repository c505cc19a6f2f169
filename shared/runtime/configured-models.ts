import type { Config } from '#shared/config.ts'
import { type ModelAlias, modelAliases } from '#shared/domain/models/types.ts'

/** Models of each alias where the settings name none. */
export type ModelDefaults = Readonly<Record<ModelAlias, readonly string[]>>

/** On one machine: rules of ours. They cost nothing, and nothing leaves the machine. */
export const localModels: ModelDefaults = {
  fast: ['local:rules-1'],
  standard: ['local:rules-1'],
  heavy: ['local:rules-1'],
}

/** On Google Cloud: models of Vertex AI, and our rules when none of them answers. */
export const vertexModels: ModelDefaults = {
  fast: ['gemini:gemini-2.5-flash', 'local:rules-1'],
  standard: ['gemini:gemini-2.5-pro', 'gemini:gemini-2.5-flash', 'local:rules-1'],
  heavy: ['claude:claude-sonnet-4-5@20250929', 'gemini:gemini-2.5-pro', 'local:rules-1'],
}

/** Models of each alias in this installation. */
export function configuredModels(config: Config, defaults: ModelDefaults): ModelDefaults {
  const given = { fast: config.MODEL_FAST, standard: config.MODEL_STANDARD, heavy: config.MODEL_HEAVY }
  return Object.fromEntries(
    modelAliases.map((alias) => [alias, given[alias] ?? defaults[alias]]),
  ) as unknown as ModelDefaults
}
