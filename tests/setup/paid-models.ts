import { setTimeout as delay } from 'node:timers/promises'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { newId } from '#shared/domain/ids.ts'
import { resolveAliases } from '#shared/domain/models/aliases.ts'
import { CircuitBreakers } from '#shared/domain/models/circuit-breakers.ts'
import { ModelDispatcher } from '#shared/domain/models/dispatcher.ts'
import type { Price } from '#shared/domain/models/price.ts'
import type { ModelDriver, Models } from '#shared/domain/models/types.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { budgetDefaults } from './costs.ts'

/** A microdollar for each token of input, ten for each of output. */
const price: Price = {
  from: '2026-01-01',
  inputMicrodollarsPerMillion: 1_000_000,
  cachedInputMicrodollarsPerMillion: 100_000,
  outputMicrodollarsPerMillion: 10_000_000,
  requestMicrodollars: 0,
  longContext: null,
}

export interface PaidModelsOptions {
  database: Database
  /** Asked in this order, whatever the alias. */
  drivers: readonly ModelDriver[]
  /** How much faster than the real one its time is for pauses and timeouts. */
  haste?: number
  now?: () => Date
}

/** The real dispatcher with the real budgets, over drivers of a test that cost money. */
export function paidModels({ database, drivers, haste = 1, now = () => new Date() }: PaidModelsOptions): Models {
  const names = drivers.map(({ name }) => `${name}:m`)
  const aliases = resolveAliases({ fast: names, standard: names, heavy: names })
  const breakers = new CircuitBreakers(() => performance.now() * haste)
  const log = { warn: () => {}, error: () => {} }
  return {
    complete(request, origin, signal, onText) {
      const scope = { ...nobody, orgId: origin.orgId, workspaceId: origin.workspaceId }
      const authority = createSpendAuthority({
        commit: (work) => database.transaction(scope, work),
        now,
        ...budgetDefaults,
      })
      const dispatcher = new ModelDispatcher({
        drivers: new Map(drivers.map((driver) => [driver.name, driver])),
        prices: Object.fromEntries(names.map((name) => [name, [price]])),
        aliasesOf: async () => aliases,
        authority,
        breakers,
        keep: async ({ id }) => `kept/${id}`,
        log,
        now,
        clock: () => performance.now(),
        sleep: (milliseconds, stop) => delay(milliseconds / haste, undefined, stop ? { signal: stop } : {}),
        random: Math.random,
        newId,
      })
      return dispatcher.complete(request, origin, signal, onText)
    },
  }
}
