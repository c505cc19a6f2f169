/** Time that passes only when the test says so. */
export class VirtualClock {
  #milliseconds: number
  #timers: { at: number; callback: () => void }[] = []

  constructor(start = Date.UTC(2026, 10, 20)) {
    this.#milliseconds = start
  }

  get timers(): number {
    return this.#timers.length
  }

  readonly now = () => new Date(this.#milliseconds)

  readonly startTimer = (milliseconds: number, callback: () => void) => {
    const timer = { at: this.#milliseconds + milliseconds, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Milliseconds, as a clock that only goes forward. */
  readonly milliseconds = () => this.#milliseconds

  /** Rejects with the signal's reason once that is aborted. */
  readonly sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const cancel = this.startTimer(milliseconds, resolve)
      const stop = () => {
        cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', stop, { once: true })
    })

  /** Passes time, timer by timer; what each sets off is done before the next. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#milliseconds + milliseconds
    for (;;) {
      await settle()
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#milliseconds = Math.max(this.#milliseconds, next.at)
      next.callback()
    }
    this.#milliseconds = end
    await settle()
  }

  /** Sets the clock, as a correction of the system's time does: no timer notices. */
  jump(milliseconds: number): void {
    this.#milliseconds += milliseconds
    for (const timer of this.#timers) timer.at += milliseconds
  }
}

/** Lets everything run that waits for nothing outside. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
