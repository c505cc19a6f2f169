import type { Logger } from './log.ts'

const firstBackoffMilliseconds = 1_000
const maximumBackoffMilliseconds = 30_000

/** Remembers whether the state store answers, so that a store in trouble is left alone and nobody waits for it. */
export class StoreGuard {
  readonly #log: Logger
  #failures = 0
  #retryAt = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** Whether the last call failed. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Whether a failing store may be tried now; the one who is told so does it. */
  admitsProbe(now: number): boolean {
    if (now < this.#retryAt) return false
    this.#retryAt = now + this.#backoff()
    return true
  }

  failed(error: unknown, now: number): void {
    this.#failures++
    this.#retryAt = now + this.#backoff()
    // A single failure is a hiccup; the second in a row begins an incident, which is told once.
    if (this.#failures === 2) this.#log.warn('rate limits are counted per instance: the state store fails', { error })
  }

  succeeded(): void {
    if (this.#failures >= 2) this.#log.info('rate limits are shared again', { failures: this.#failures })
    this.#failures = 0
  }

  #backoff(): number {
    return Math.min(maximumBackoffMilliseconds, firstBackoffMilliseconds * 2 ** (this.#failures - 1))
  }
}
