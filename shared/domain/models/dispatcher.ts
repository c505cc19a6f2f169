import type * as v from 'valibot'
import { AppError } from '../errors.ts'
import { type Aliases, modelNameText } from './aliases.ts'
import { type Asking, type CallOptions, ModelCalls } from './calls.ts'
import { Preview } from './preview.ts'
import type { PriceList } from './price.ts'
import { findPrice } from './prices.ts'
import { outputSchemaOf, parseOutput, repairTurns } from './structured-output.ts'
import { Tally } from './tally.ts'
import {
  type CallOrigin,
  type DriverAnswer,
  type ModelAnswer,
  type ModelDriver,
  ModelError,
  type ModelName,
  type ModelRequest,
  type Models,
} from './types.ts'

export interface DispatcherOptions extends CallOptions {
  /** By name; a model of another driver is not asked. */
  drivers: ReadonlyMap<string, ModelDriver>
  prices: PriceList
  /** Which models an alias stands for in a workspace. */
  aliasesOf(origin: CallOrigin): Promise<Aliases>
}

interface Failure {
  model: string
  error: ModelError
}

interface Answered {
  answer: DriverAnswer
  output: unknown
}

/**
 * Asks models on behalf of agents: in the order of the alias, within the budget, with retries and fallback. Nothing is
 * sent before its worst case was set aside, and each call is settled or released whatever becomes of it.
 */
export class ModelDispatcher implements Models {
  readonly #options: DispatcherOptions
  readonly #calls: ModelCalls

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#calls = new ModelCalls(options)
  }

  async complete<Output extends v.GenericSchema | null>(
    request: ModelRequest<Output>,
    origin: CallOrigin,
    signal: AbortSignal,
    onText?: (piece: string) => void,
  ): Promise<ModelAnswer<Output extends v.GenericSchema ? v.InferOutput<Output> : string>> {
    signal.throwIfAborted()
    const { aliasesOf, log } = this.#options
    const aliases = await aliasesOf(origin)
    const tally = new Tally()
    const preview = new Preview(onText)
    const failures: Failure[] = []
    for (const name of aliases[request.alias]) {
      const model = modelNameText(name)
      try {
        const { answer, output } = await this.#ask(name, { request, origin, signal, tally, preview })
        const { text, toolRequests, finish } = answer
        return { model, output: output as never, text, toolRequests, finish, ...tally.total }
      } catch (error) {
        if (!(error instanceof ModelError)) throw error
        failures.push({ model, error })
        log[error.failure === 'invalid' ? 'error' : 'warn']('a model did not answer', {
          model,
          alias: request.alias,
          task: request.task,
          failure: error.failure,
          error,
        })
      }
    }
    throw nobodyAnswered(request, failures)
  }

  /** @throws ModelError when this model has no usable answer */
  async #ask(name: ModelName, call: Omit<Asking, 'name' | 'driver' | 'price' | 'turns' | 'outputSchema'>) {
    const { request } = call
    const { drivers, prices, now } = this.#options
    const driver = drivers.get(name.driver)
    if (!driver) throw new ModelError('invalid', `there is no driver ${name.driver}`)
    const price = findPrice(prices, name, now())
    if (!price) throw new ModelError('invalid', 'its price is not known, so it is not asked')
    const outputSchema = request.output === null ? null : outputSchemaOf(request.output)
    let turns = request.turns ?? []
    for (let isRepaired = false; ; isRepaired = true) {
      const answer = await this.#calls.ask({ ...call, name, driver, price, turns, outputSchema })
      if (answer.finish === 'safety') throw new ModelError('refused', 'it blocked the answer for safety')
      if (answer.toolRequests.length > 0) return { answer, output: null } satisfies Answered
      if (request.output === null) return { answer, output: answer.text } satisfies Answered
      const parsed = parseOutput(request.output, answer.text)
      if (parsed.ok) return { answer, output: parsed.output } satisfies Answered
      if (isRepaired) throw new ModelError('refused', `its answer can't be used: ${parsed.problem}`)
      turns = [...turns, ...repairTurns(answer.text, parsed.problem)]
    }
  }
}

function nobodyAnswered(request: ModelRequest, failures: readonly Failure[]): AppError {
  const waits = failures.flatMap(({ error }) => error.retryAfterSeconds ?? [])
  return new AppError(
    'UNAVAILABLE',
    `No model of the alias ${request.alias} could do the task ${request.task}`,
    failures.map(({ model, error }) => ({ field: model, message: reasons[error.failure](error) })),
    {
      cause: failures.at(-1)?.error,
      ...(waits.length > 0 ? { retryAfterSeconds: Math.min(...waits) } : {}),
    },
  )
}

/** What a caller is told; of what providers say only what our drivers put into words of their own. */
const reasons: Record<ModelError['failure'], (error: ModelError) => string> = {
  unavailable: () => 'is not available',
  refused: (error) => error.message,
  invalid: () => 'is not set up',
}
