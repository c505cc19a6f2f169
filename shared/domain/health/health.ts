import * as v from 'valibot'
import type { CircuitState } from '../models/circuit-breakers.ts'

/** Resolves when a dependency does what it is there for; rejects with what is wrong with it. */
export type Probe = () => Promise<void>

/** What the product depends on, and whether nothing can be answered without it. */
const dependencies = {
  database: { vital: true },
  queue: { vital: false },
  bus: { vital: false },
  state: { vital: false },
  objects: { vital: false },
  identity_keys: { vital: false },
  scanner: { vital: false },
  models: { vital: false },
  config: { vital: false },
}
export type DependencyName = keyof typeof dependencies

/** A probe for each dependency; null for what this process does without. */
export type Probes = Readonly<Record<DependencyName, Probe | null>>

const status = v.picklist(['ok', 'degraded', 'down'])
const latency_milliseconds = v.pipe(v.number(), v.minValue(0))
const dependency = v.optional(v.strictObject({ status, latency_milliseconds }))
const circuit = v.pipe(
  v.picklist(['closed', 'open', 'trying']),
  v.description('open: the model failed again and again, and is not asked for a while'),
)

export const Health = v.strictObject({
  status: v.pipe(status, v.description('down: nothing can be answered; degraded: something is slow or does not work')),
  checked_at: v.pipe(v.string(), v.isoTimestamp()),
  dependencies: v.pipe(
    v.strictObject({
      database: dependency,
      queue: dependency,
      bus: dependency,
      state: dependency,
      objects: dependency,
      identity_keys: dependency,
      scanner: dependency,
      models: v.optional(
        v.strictObject({
          status,
          latency_milliseconds,
          aliases: v.pipe(
            v.record(v.string(), v.record(v.string(), circuit)),
            v.description('Models of each alias, in the order in which they are asked, and whether they are'),
          ),
        }),
      ),
      config: dependency,
    }),
    v.description('What this process does without is not among them'),
  ),
})
export type Health = v.InferOutput<typeof Health>

export interface HealthOptions {
  /** Milliseconds of a clock that only goes forward. */
  clock(): number
  now(): Date
  /** Told why a dependency is not well: that is for the log, never for a caller. */
  onProblem(name: DependencyName, error: unknown): void
  timeoutMilliseconds?: number
}

type ModelStates = Record<string, Record<string, CircuitState>>

const timeoutMilliseconds = 2_000
const slowMilliseconds = 1_000
/** For so long an answer is given again, so that asking often is no load on what is asked about. */
const rememberMilliseconds = 2_000

/** Asks the dependencies of one process how they are: all at once, each for a bounded time, and never one twice at a time. */
export class HealthMonitor {
  readonly #probes: Probes
  readonly #modelStates: () => ModelStates
  readonly #hanging = new Map<DependencyName, Promise<void>>()
  #last: { at: number; health: Promise<Health> } | null = null

  /** @param modelStates the circuit of each model, by alias; asks none of them */
  constructor(probes: Probes, modelStates: () => ModelStates = () => ({})) {
    this.#probes = probes
    this.#modelStates = modelStates
  }

  /** How everything is, at most two seconds ago. */
  read(options: HealthOptions): Promise<Health> {
    const at = options.clock()
    if (!this.#last || at - this.#last.at >= rememberMilliseconds) this.#last = { at, health: this.#readAll(options) }
    return this.#last.health
  }

  async #readAll(options: HealthOptions): Promise<Health> {
    const checked_at = options.now().toISOString()
    const names = (Object.keys(dependencies) as DependencyName[]).filter((name) => this.#probes[name])
    const entries = await Promise.all(names.map(async (name) => [name, await this.#readOne(name, options)] as const))
    const isDown = entries.some(([name, { status }]) => status === 'down' && dependencies[name].vital)
    const isWell = entries.every(([, { status }]) => status === 'ok')
    return {
      status: isDown ? 'down' : isWell ? 'ok' : 'degraded',
      checked_at,
      dependencies: this.#withModels(Object.fromEntries(entries)),
    }
  }

  #withModels({ models, ...others }: Health['dependencies']): Health['dependencies'] {
    return models ? { ...others, models: { ...models, aliases: this.#modelStates() } } : others
  }

  async #readOne(name: DependencyName, options: HealthOptions) {
    const startedAt = options.clock()
    let status: Health['status'] = 'ok'
    try {
      await this.check(name, options.timeoutMilliseconds)
    } catch (error) {
      status = 'down'
      options.onProblem(name, error)
    }
    const milliseconds = options.clock() - startedAt
    if (status === 'ok' && milliseconds > slowMilliseconds) status = 'degraded'
    return { status, latency_milliseconds: Math.round(milliseconds * 10) / 10 }
  }

  /**
   * Asks one dependency.
   * @throws Error what is wrong with it, or that it has not answered in time
   */
  async check(name: DependencyName, milliseconds = timeoutMilliseconds): Promise<void> {
    const probe = this.#probes[name]
    if (!probe) return
    let asked = this.#hanging.get(name)
    if (!asked) {
      asked = Promise.resolve().then(probe)
      this.#hanging.set(name, asked)
      const forget = () => void this.#hanging.delete(name)
      asked.then(forget, forget)
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
    })
    await Promise.race([asked, late]).finally(() => clearTimeout(timer))
  }
}
