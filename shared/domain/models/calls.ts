import { AppError } from '../errors.ts'
import { modelNameText } from './aliases.ts'
import { askOnce, OverdueError } from './ask-once.ts'
import type { CircuitBreakers } from './circuit-breakers.ts'
import type { Preview } from './preview.ts'
import type { Price } from './price.ts'
import { costOf, worstCaseOf } from './prices.ts'
import type { JsonSchema } from './structured-output.ts'
import { countTokens, type Tally } from './tally.ts'
import {
  type CallOrigin,
  type DriverAnswer,
  type DriverRequest,
  type ModelDriver,
  ModelError,
  type ModelName,
  type ModelRequest,
  type SpendAuthority,
  type Turn,
} from './types.ts'

/** What was asked and answered in one call, for keeping. */
export interface ModelArtifact {
  /** Of the call's reservation. */
  id: string
  at: string
  origin: CallOrigin
  model: string
  alias: string
  request: DriverRequest
  answer: DriverAnswer
}

export interface CallOptions {
  authority: SpendAuthority
  /** Of the whole process. */
  breakers: CircuitBreakers
  /** Keeps a redacted copy, and says its key in the artifacts bucket. No call fails by it. */
  keep(artifact: ModelArtifact): Promise<string>
  log: {
    warn(message: string, fields?: Record<string, unknown>): void
    error(message: string, fields?: Record<string, unknown>): void
  }
  now(): Date
  /** Milliseconds of a clock that only goes forward. */
  clock(): number
  /** Rejects with the signal's reason once that is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** From 0 to less than 1. */
  random(): number
  newId(): string
}

/** One question to one model. */
export interface Asking {
  request: ModelRequest
  origin: CallOrigin
  signal: AbortSignal
  tally: Tally
  preview: Preview
  name: ModelName
  driver: ModelDriver
  price: Price
  turns: readonly Turn[]
  outputSchema: JsonSchema | null
}

/** A call between its reservation and its booking. */
interface Reserved {
  id: string
  model: string
  request: DriverRequest
  bound: { input: number; output: number }
  startedAt: number
}

const mostAttempts = 3
/** Attempts that may be charged although they brought nothing. */
const mostCostlyAttempts = 2
const firstPauseMilliseconds = 500
const longestPauseMilliseconds = 8_000
/** A provider that wants more time than this is left for the next model. */
const longestRetryAfterSeconds = 20
const keepMilliseconds = 10_000
const bookingPausesMilliseconds = [200, 1_000]

/**
 * Asks one model, with retries. Each attempt has a reservation of its own and is settled or released before the next
 * one begins: what may have been charged is booked at its worst case, so no more is spent than was set aside.
 */
export class ModelCalls {
  readonly #options: CallOptions

  constructor(options: CallOptions) {
    this.#options = options
  }

  /**
   * Asks until there is an answer, or no attempt is left.
   * @throws ModelError of the last attempt; what `reserve` throws; the signal's reason
   */
  async ask(asking: Asking): Promise<DriverAnswer> {
    const { breakers, log, sleep } = this.#options
    const model = modelNameText(asking.name)
    let costly = 0
    for (let attempt = 1; ; attempt++) {
      asking.signal.throwIfAborted()
      const permit = breakers.enter(model)
      if (!permit) {
        const retryAfterSeconds = Math.max(1, breakers.waitSeconds(model))
        throw new ModelError('unavailable', 'its circuit is open after failures', { retryAfterSeconds })
      }
      try {
        const answer = await this.#attempt(asking, model)
        permit.succeeded()
        asking.signal.throwIfAborted()
        return answer
      } catch (error) {
        const isOfModel = error instanceof ModelError && !asking.signal.aborted
        if (!isOfModel) permit.left()
        else if (error.failure === 'unavailable') permit.failed()
        else permit.succeeded()
        asking.signal.throwIfAborted()
        if (!isOfModel || error.failure !== 'unavailable' || error instanceof OverdueError) throw error
        if (error.mayHaveCost) costly++
        const pause = this.#pauseMilliseconds(attempt, error.retryAfterSeconds)
        if (pause === null || costly === mostCostlyAttempts) throw error
        log.warn('a model is asked again', { model, attempt, error })
        await sleep(pause, asking.signal)
      }
    }
  }

  /** From half to all of the pause, so that those who failed together don't come back together; null: no more attempts. */
  #pauseMilliseconds(attempt: number, retryAfterSeconds: number | null): number | null {
    if (attempt >= mostAttempts || (retryAfterSeconds ?? 0) > longestRetryAfterSeconds) return null
    const pause = Math.min(firstPauseMilliseconds * 2 ** (attempt - 1), longestPauseMilliseconds)
    const jittered = pause * (0.5 + this.#options.random() / 2)
    return retryAfterSeconds === null ? jittered : retryAfterSeconds * 1000 + jittered
  }

  async #attempt(asking: Asking, model: string): Promise<DriverAnswer> {
    const { request, signal, driver } = asking
    const call = await this.#reserve(asking, model)
    try {
      // Nothing was sent, so nothing costs: released below.
      if (signal.aborted) throw new ModelError('unavailable', 'cancelled before it was asked')
      const answer = await askOnce({
        driver,
        request: call.request,
        timeoutMilliseconds: request.timeoutSeconds * 1000,
        signal,
        onText: asking.preview.begin(),
        sleep: this.#options.sleep,
      })
      await this.#settle(asking, call, answer)
      return answer
    } catch (error) {
      if (error instanceof ModelError) await this.#bookFailure(asking, call, error)
      throw error
    }
  }

  async #reserve({ request, origin, driver, price, turns, outputSchema, name }: Asking, model: string) {
    const { authority, newId, clock } = this.#options
    const { alias, task, system, material, tools = [], maximumOutputTokens } = request
    const asked: DriverRequest = {
      model: name.model,
      task,
      system,
      material,
      turns,
      tools,
      outputSchema,
      maximumOutputTokens,
    }
    const bound = { input: driver.boundInputTokens(asked), output: maximumOutputTokens }
    const worstCaseMicrodollars = worstCaseOf(price, { inputTokens: bound.input, outputTokens: bound.output })
    const call: Reserved = { id: newId(), model, request: asked, bound, startedAt: clock() }
    try {
      await authority.reserve({ id: call.id, origin, model, alias, task, worstCaseMicrodollars })
    } catch (error) {
      // A refusal set nothing aside; after any other failure it may have been set aside without our hearing of it.
      if (!(error instanceof AppError))
        await this.#release(call, { code: 'NOT_SENT', message: 'the reservation failed' })
      throw error
    }
    return call
  }

  async #settle({ request, origin, price, tally }: Asking, call: Reserved, answer: DriverAnswer): Promise<void> {
    const { id, model, bound } = call
    const { usage, estimated, problem } = countTokens(answer.usage, bound)
    if (problem)
      this.#options.log.warn('a provider counts what can not be', { model, problem, said: answer.usage, bound })
    const costMicrodollars = costOf(price, usage)
    tally.add(costMicrodollars, usage)
    const milliseconds = this.#millisecondsOf(call)
    const artifactKey = await this.#keep({
      id,
      at: this.#options.now().toISOString(),
      origin,
      model,
      alias: request.alias,
      request: call.request,
      answer,
    })
    const { finish } = answer
    await this.#book(call, (authority) =>
      authority.settle(id, { costMicrodollars, usage, estimated, milliseconds, finish, artifactKey }),
    )
  }

  async #bookFailure({ price, tally }: Asking, call: Reserved, error: ModelError): Promise<void> {
    if (!error.mayHaveCost) {
      await this.#release(call, { code: error.failure.toUpperCase(), message: error.message })
      return
    }
    const { usage } = countTokens(null, call.bound)
    const costMicrodollars = costOf(price, usage)
    tally.add(costMicrodollars, usage)
    const milliseconds = this.#millisecondsOf(call)
    const result = {
      costMicrodollars,
      usage,
      estimated: true,
      milliseconds,
      finish: 'failed',
      artifactKey: null,
    } as const
    await this.#book(call, (authority) => authority.settle(call.id, result))
  }

  async #release(call: Reserved, reason: { code: string; message: string }): Promise<void> {
    const milliseconds = this.#millisecondsOf(call)
    await this.#book(call, (authority) => authority.release(call.id, { ...reason, milliseconds }))
  }

  #millisecondsOf({ startedAt }: Reserved): number {
    return Math.max(0, Math.round(this.#options.clock() - startedAt))
  }

  /** Both ways of booking are harmless when done twice. If none works, the reservation stands until it is swept. */
  async #book({ id, model }: Reserved, work: (authority: SpendAuthority) => Promise<void>): Promise<void> {
    const { authority, sleep, log } = this.#options
    for (const pause of [...bookingPausesMilliseconds, null]) {
      try {
        await work(authority)
        return
      } catch (error) {
        if (pause === null) log.error('a model call could not be booked', { model, reservation: id, error })
        else await sleep(pause)
      }
    }
  }

  async #keep(artifact: ModelArtifact): Promise<string | null> {
    const { keep, sleep, log } = this.#options
    const over = new AbortController()
    const late = sleep(keepMilliseconds, over.signal).then(() => {
      throw new Error('it took too long')
    })
    late.catch(() => {})
    try {
      return await Promise.race([keep(artifact), late])
    } catch (error) {
      log.warn('what a model was asked and answered could not be kept', { model: artifact.model, error })
      return null
    } finally {
      over.abort()
    }
  }
}
