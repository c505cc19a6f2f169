import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '#shared/config.ts'
import { localRules } from '#shared/domain/agents/tasks/index.ts'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { budgetDefaults } from '#shared/domain/costs/money.ts'
import { newId } from '#shared/domain/ids.ts'
import { resolveAliases } from '#shared/domain/models/aliases.ts'
import type { ModelArtifact } from '#shared/domain/models/calls.ts'
import type { CircuitBreakers } from '#shared/domain/models/circuit-breakers.ts'
import { ModelDispatcher } from '#shared/domain/models/dispatcher.ts'
import { priceList } from '#shared/domain/models/prices.ts'
import { readModelSettings } from '#shared/domain/models/settings.ts'
import type { ModelDriver } from '#shared/domain/models/types.ts'
import { createClaudeModel } from '#shared/platform/models/claude.ts'
import { createGeminiModel } from '#shared/platform/models/gemini.ts'
import { createGoogleToken } from '#shared/platform/models/google-token.ts'
import { createLocalModel } from '#shared/platform/models/local.ts'
import { createOpenAiModel } from '#shared/platform/models/openai.ts'
import type { ObjectStore } from '#shared/platform/objects/index.ts'
import { configuredModels, type ModelDefaults } from './configured-models.ts'
import { redact } from './redact.ts'
import type { ModelService } from './services.ts'

/** Opens the models that the settings speak of. Nothing is connected or loaded: each driver does that when it is asked. */
export function openModels(breakers: CircuitBreakers, defaults: ModelDefaults): ModelService {
  const token = createGoogleToken()
  let opened: { config: Config; drivers: ReadonlyMap<string, ModelDriver> } | undefined
  const driversOf = (config: Config) => {
    // Settings are read anew when a secret has changed.
    if (opened?.config !== config) opened = { config, drivers: openDrivers(config, token) }
    return opened.drivers
  }
  return {
    forCall({ config, log, objects, now, commit }) {
      const freeModels = config.OLLAMA_MODELS.map((model) => `ollama:${model}`)
      const installed = configuredModels(config, defaults)
      return new ModelDispatcher({
        drivers: driversOf(config),
        prices: priceList(config.MODEL_PRICES, freeModels),
        aliasesOf: async ({ workspaceId }) =>
          resolveAliases(installed, await commit((sql) => readModelSettings(sql, workspaceId))),
        authority: createSpendAuthority({ commit, now, ...budgetDefaults(config) }),
        breakers,
        keep: (artifact) => keepArtifact(objects, artifact),
        log,
        now,
        clock: () => performance.now(),
        sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal ? { signal } : {}),
        random: Math.random,
        newId,
      })
    },
  }
}

function openDrivers(config: Config, token: () => Promise<string>): ReadonlyMap<string, ModelDriver> {
  const drivers = [createLocalModel(localRules), ...vertexDrivers(config, token), ...openAiDrivers(config)]
  return new Map(drivers.map((driver) => [driver.name, driver]))
}

function vertexDrivers(config: Config, token: () => Promise<string>): ModelDriver[] {
  const { GOOGLE_CLOUD_PROJECT: project, VERTEX_EMULATOR_URL: endpoint } = config
  const location = config.VERTEX_LOCATION ?? config.GOOGLE_CLOUD_LOCATION
  if (project === undefined || location === undefined) return []
  const standIn = endpoint === undefined ? {} : { endpoint, token: async () => 'stand-in' }
  return [
    createGeminiModel({ project, location, ...standIn }),
    createClaudeModel({ project, location: config.CLAUDE_LOCATION ?? location, token, ...standIn }),
  ]
}

function openAiDrivers(config: Config): ModelDriver[] {
  const { OPENAI_API_KEY, PERPLEXITY_API_KEY, OLLAMA_BASE_URL } = config
  return [
    ...(OPENAI_API_KEY === undefined
      ? []
      : [
          createOpenAiModel({
            name: 'openai',
            baseUrl: config.OPENAI_BASE_URL,
            apiKey: OPENAI_API_KEY,
            limitName: 'max_completion_tokens',
          }),
        ]),
    ...(PERPLEXITY_API_KEY === undefined
      ? []
      : [
          createOpenAiModel({
            name: 'perplexity',
            baseUrl: config.PERPLEXITY_BASE_URL,
            apiKey: PERPLEXITY_API_KEY,
            limitName: 'max_tokens',
            // What its price is for.
            more: { web_search_options: { search_context_size: 'low' } },
          }),
        ]),
    ...(OLLAMA_BASE_URL === undefined
      ? []
      : [createOpenAiModel({ name: 'ollama', baseUrl: OLLAMA_BASE_URL, apiKey: null, limitName: 'max_tokens' })]),
  ]
}

/** Under the organization, so that it goes with it; by day, since the bucket forgets it after 90. */
async function keepArtifact(objects: ObjectStore, artifact: ModelArtifact): Promise<string> {
  const { orgId, workspaceId } = artifact.origin
  const key = `${orgId}/${workspaceId}/models/${artifact.at.slice(0, 10)}/${artifact.id}.json`
  await objects.write('artifacts', key, JSON.stringify(redact(artifact)), 'application/json')
  return key
}
