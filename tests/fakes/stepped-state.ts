import type { StateStore } from '#shared/platform/state/index.ts'
import { settle } from './clock.ts'

/** How a call ends: as it should; with an error before or after it took effect; as lost against another writer; never. */
export type Outcome = 'done' | 'fails' | 'fails after it was done' | 'conflict' | 'hangs'

interface Call {
  isWrite: boolean
  run(): Promise<unknown>
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Puts calls to a state store on hold: the test says which is answered next, and how. */
export class SteppedState implements StateStore {
  readonly #store: StateStore
  #held: Call[] = []
  /** Calls so far. */
  calls = 0

  constructor(store: StateStore) {
    this.#store = store
  }

  get waiting(): number {
    return this.#held.length
  }

  /** Answers one of the calls on hold, if there is any. */
  async answer(which = 0, outcome: Outcome = 'done'): Promise<void> {
    const [call] = this.#held.splice(which % Math.max(1, this.#held.length), 1)
    if (!call) return
    if (outcome === 'fails') call.reject(new Error('out of order'))
    else if (outcome === 'conflict' && call.isWrite) call.resolve(false)
    else if (outcome === 'fails after it was done') {
      await call.run()
      call.reject(new Error('connection lost'))
    } else if (outcome !== 'hangs') call.resolve(await call.run())
    await settle()
  }

  /** Answers everything, also what comes of the answers. */
  async answerAll(outcome: Outcome = 'done'): Promise<void> {
    await settle()
    while (this.#held.length > 0) await this.answer(0, outcome)
  }

  read(key: string) {
    return this.#hold(false, () => this.#store.read(key))
  }

  write(key: string, value: unknown, options: { ttlSeconds: number; ifVersion?: string | null }) {
    return this.#hold(true, () => this.#store.write(key, value, options))
  }

  add(key: string, amount: number, options: { ttlSeconds: number }) {
    return this.#hold(true, () => this.#store.add(key, amount, options))
  }

  remove(key: string) {
    return this.#hold(true, () => this.#store.remove(key))
  }

  #hold<Result>(isWrite: boolean, run: () => Promise<Result>): Promise<Result> {
    this.calls++
    return new Promise<Result>((resolve, reject) => {
      this.#held.push({ isWrite, run, resolve: resolve as (value: unknown) => void, reject })
    })
  }
}
