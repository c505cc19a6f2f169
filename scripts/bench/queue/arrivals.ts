const patienceMilliseconds = 60_000

/** When the handler of each message began, by the message's number. */
export class Arrivals {
  readonly #times = new Map<number, number>()
  readonly #missing = new Set<number>()
  #onComplete: () => void = () => {}

  readonly note = (number: number): void => {
    if (!this.#times.has(number)) this.#times.set(number, performance.now())
    if (this.#missing.delete(number) && this.#missing.size === 0) this.#onComplete()
  }

  /** Resolves with `performance.now()` of the moment when the handler of the last of these began. */
  async of(numbers: readonly number[]): Promise<number> {
    for (const number of numbers) if (!this.#times.has(number)) this.#missing.add(number)
    if (this.#missing.size > 0) await this.#complete()
    return Math.max(...numbers.map((number) => this.#times.get(number)!))
  }

  #complete(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.#missing.size} messages did not arrive`)),
        patienceMilliseconds,
      )
      this.#onComplete = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
