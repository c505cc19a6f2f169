import { localRules } from '#shared/domain/agents/tasks/index.ts'
import { newId } from '#shared/domain/ids.ts'
import { resolveAliases } from '#shared/domain/models/aliases.ts'
import { CircuitBreakers } from '#shared/domain/models/circuit-breakers.ts'
import { ModelDispatcher } from '#shared/domain/models/dispatcher.ts'
import { priceList } from '#shared/domain/models/prices.ts'
import type { Models } from '#shared/domain/models/types.ts'
import { createLocalModel } from '#shared/platform/models/local.ts'
import { BookedMoney } from '../fakes/models.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'

const rules = ['local:rules-1']

/** The rule-based model behind the real dispatcher: nothing is waited for, and nothing is spent. */
export function localModels(): Models {
  const local = createLocalModel(localRules)
  return new ModelDispatcher({
    drivers: new Map([[local.name, local]]),
    prices: priceList(),
    aliasesOf: async () => resolveAliases({ fast: rules, standard: rules, heavy: rules }),
    authority: new BookedMoney(),
    breakers: new CircuitBreakers(() => performance.now()),
    keep: async (artifact) => `artifacts/${artifact.id}`,
    log: new RecordingLogger(),
    now: () => new Date(),
    clock: () => performance.now(),
    sleep: async () => {},
    random: () => 0.5,
    newId,
  })
}
