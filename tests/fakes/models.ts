import { AppError } from '#shared/domain/errors.ts'
import {
  type DriverAnswer,
  type DriverRequest,
  type ModelDriver,
  ModelError,
  type SpendAuthority,
} from '#shared/domain/models/types.ts'
import type { VirtualClock } from './clock.ts'

/** What a scripted model does with one call. */
export type Behaviour =
  | ({ kind: 'answers' } & Partial<DriverAnswer>)
  | { kind: 'fails'; error: unknown }
  /** Goes on for ever; stopped, it says so or keeps silent. */
  | { kind: 'hangs'; whenStopped: 'silent' | 'may have cost' | 'never sent' }
  /** Answers after so long, whether it is still wanted or not. */
  | ({ kind: 'is late'; milliseconds: number } & Partial<DriverAnswer>)

/** A driver that does as it is told, call by call, and remembers what it was asked. */
export class ScriptedModel implements ModelDriver {
  readonly name: string
  readonly requests: DriverRequest[] = []
  readonly #script: Behaviour[]
  readonly #clock: VirtualClock
  readonly #boundTokens: number

  constructor(name: string, clock: VirtualClock, script: Behaviour[], boundTokens = 1_000) {
    this.name = name
    this.#clock = clock
    this.#script = script
    this.#boundTokens = boundTokens
  }

  boundInputTokens(): number {
    return this.#boundTokens
  }

  async complete(request: DriverRequest, signal: AbortSignal, onText?: (piece: string) => void): Promise<DriverAnswer> {
    this.requests.push(request)
    const behaviour = this.#script.shift()
    if (!behaviour) throw new Error('the script has no more calls')
    switch (behaviour.kind) {
      case 'fails':
        onText?.('half ')
        throw behaviour.error
      case 'answers':
        return this.#answer(behaviour, onText)
      case 'is late':
        await this.#clock.sleep(behaviour.milliseconds)
        return this.#answer(behaviour, onText)
      case 'hangs':
        return new Promise((_, reject) => {
          if (behaviour.whenStopped === 'silent') return
          const mayHaveCost = behaviour.whenStopped === 'may have cost'
          const stop = () => reject(new ModelError('unavailable', 'stopped', { mayHaveCost }))
          signal.addEventListener('abort', stop, { once: true })
        })
    }
  }

  #answer(
    { text = 'hello', toolRequests = [], finish = 'stop', usage }: Partial<DriverAnswer>,
    onText?: (piece: string) => void,
  ) {
    onText?.(text)
    const usual = { input: 100, cachedInput: 0, output: 10, thinking: 0 }
    return { text, toolRequests, finish, usage: usage === undefined ? usual : usage }
  }
}

type Settled = Parameters<SpendAuthority['settle']>[1]

interface Entry {
  model: string
  worstCaseMicrodollars: number
  settled: Settled | null
  released: string | null
}

/** Keeps the books in memory, and refuses what would not be right in a real one. */
export class BookedMoney implements SpendAuthority {
  readonly entries = new Map<string, Entry>()
  /** What is left to set aside, in microdollars. */
  budget: number
  /** The next calls of `settle` and `release` that fail, in this many. */
  failures = 0
  /** Called with each reservation, before it is answered. */
  onReserve: () => void = () => {}

  constructor(budget = Number.MAX_SAFE_INTEGER) {
    this.budget = budget
  }

  async reserve({ id, model, worstCaseMicrodollars }: Parameters<SpendAuthority['reserve']>[0]): Promise<void> {
    if (!Number.isSafeInteger(worstCaseMicrodollars) || worstCaseMicrodollars < 0) throw new Error('no whole number')
    if (this.entries.has(id)) throw new Error('the id was used before')
    if (worstCaseMicrodollars > this.budget) throw new AppError('BUDGET_EXCEEDED', 'too much')
    this.budget -= worstCaseMicrodollars
    this.entries.set(id, { model, worstCaseMicrodollars, settled: null, released: null })
    this.onReserve()
  }

  async settle(id: string, result: Settled): Promise<void> {
    this.#fail()
    const entry = this.#open(id)
    if (result.costMicrodollars > entry.worstCaseMicrodollars) throw new Error('more than was set aside')
    this.budget += entry.worstCaseMicrodollars - result.costMicrodollars
    entry.settled = result
  }

  async release(id: string, { code }: Parameters<SpendAuthority['release']>[1]): Promise<void> {
    this.#fail()
    const entry = this.#open(id)
    this.budget += entry.worstCaseMicrodollars
    entry.released = code
  }

  /** Reservations that are neither settled nor released. */
  get open(): Entry[] {
    return [...this.entries.values()].filter(({ settled, released }) => settled === null && released === null)
  }

  get settled(): Settled[] {
    return [...this.entries.values()].flatMap(({ settled }) => settled ?? [])
  }

  get released(): string[] {
    return [...this.entries.values()].flatMap(({ released }) => released ?? [])
  }

  get spent(): number {
    return this.settled.reduce((sum, { costMicrodollars }) => sum + costMicrodollars, 0)
  }

  #open(id: string): Entry {
    const entry = this.entries.get(id)
    if (!entry || entry.settled || entry.released) throw new Error('not an open reservation')
    return entry
  }

  #fail(): void {
    if (this.failures === 0) return
    this.failures--
    throw new Error('the database is away')
  }
}
