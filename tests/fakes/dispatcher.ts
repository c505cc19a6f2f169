import { newId } from '#shared/domain/ids.ts'
import { resolveAliases } from '#shared/domain/models/aliases.ts'
import type { ModelArtifact } from '#shared/domain/models/calls.ts'
import { CircuitBreakers } from '#shared/domain/models/circuit-breakers.ts'
import { ModelDispatcher } from '#shared/domain/models/dispatcher.ts'
import type { Price } from '#shared/domain/models/price.ts'
import type { CallOrigin, ModelRequest } from '#shared/domain/models/types.ts'
import { VirtualClock } from './clock.ts'
import { type Behaviour, BookedMoney, ScriptedModel } from './models.ts'
import { RecordingLogger } from './recording-logger.ts'

export const origin: CallOrigin = {
  orgId: newId(),
  workspaceId: newId(),
  runId: null,
  step: null,
  playbook: null,
  agent: 'cognition',
  userId: null,
}

/** A microdollar for each token of input, ten for each of output. */
const price: Price = {
  from: '2026-01-01',
  inputMicrodollarsPerMillion: 1_000_000,
  cachedInputMicrodollarsPerMillion: 100_000,
  outputMicrodollarsPerMillion: 10_000_000,
  requestMicrodollars: 0,
  longContext: null,
}
/** 1,000 tokens of input and 50 of output at most. */
export const worstCase = 1_500

/** A question for plain text. */
export const plain: ModelRequest<null> = {
  alias: 'standard',
  task: 'say',
  system: 'You say things.',
  material: { what: 'hello' },
  output: null,
  maximumOutputTokens: 50,
  timeoutSeconds: 30,
}

/** A dispatcher over the models `first:m` and `second:m`, which do as their scripts say, on time that tests pass. */
export function startDispatcher(
  scripts: { first?: Behaviour[]; second?: Behaviour[] },
  options: { budget?: number; keep?: (artifact: ModelArtifact) => Promise<string>; random?: () => number } = {},
) {
  const clock = new VirtualClock()
  const money = new BookedMoney(options.budget)
  const log = new RecordingLogger()
  const breakers = new CircuitBreakers(clock.milliseconds)
  const first = new ScriptedModel('first', clock, scripts.first ?? [])
  const second = new ScriptedModel('second', clock, scripts.second ?? [])
  const kept: ModelArtifact[] = []
  const names = ['first:m', 'second:m']
  const dispatcher = new ModelDispatcher({
    drivers: new Map([first, second].map((driver) => [driver.name, driver])),
    prices: { 'first:m': [price], 'second:m': [price] },
    aliasesOf: async () => resolveAliases({ fast: ['nobody:m', 'first:unpriced'], standard: names, heavy: names }),
    authority: money,
    breakers,
    keep:
      options.keep ??
      (async (artifact) => {
        kept.push(artifact)
        return `artifacts/${artifact.id}`
      }),
    log,
    now: clock.now,
    clock: clock.milliseconds,
    sleep: clock.sleep,
    random: options.random ?? (() => 0.5),
    newId,
  })
  return {
    clock,
    money,
    log,
    breakers,
    first,
    second,
    kept,
    /** Asks, and passes time until there is an answer or an error. */
    async ask<Request extends ModelRequest>(
      request: Request,
      asking: { signal?: AbortSignal; onText?: (piece: string) => void } = {},
    ) {
      const { signal = new AbortController().signal, onText } = asking
      let isOver = false
      const answer = dispatcher.complete(request as ModelRequest<any>, origin, signal, onText).finally(() => {
        isOver = true
      })
      answer.catch(() => {})
      while (!isOver) await clock.pass(100)
      return answer
    },
  }
}
