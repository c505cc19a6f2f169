interface Caller<Item> {
  items: readonly Item[]
  resolve(): void
  reject(error: unknown): void
}

/**
 * Does the work of many callers at once: what comes while a batch is under way goes into the next one, so that nobody
 * waits when there is no crowd, and a crowd shares a round trip.
 *
 * @param work does it for all items or for none; when it fails for several callers, it is asked for each on their own, so
 * that nobody fails for another's items.
 * @param limit items of one batch, unless a single caller brings more.
 */
export class Batches<Item> {
  readonly #work: (items: Item[]) => Promise<unknown>
  readonly #limit: number
  readonly #waiting: Caller<Item>[] = []
  #isRunning = false

  constructor(work: (items: Item[]) => Promise<unknown>, limit = 500) {
    this.#work = work
    this.#limit = limit
  }

  /** Resolves when the work is done for all of these; rejects with what it threw. */
  add(items: readonly Item[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject })
      if (!this.#isRunning) void this.#runAll()
    })
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) await this.#run(this.#take())
    this.#isRunning = false
  }

  #take(): Caller<Item>[] {
    let count = 0
    let size = 0
    do size += this.#waiting[count++]!.items.length
    while (count < this.#waiting.length && size + this.#waiting[count]!.items.length <= this.#limit)
    return this.#waiting.splice(0, count)
  }

  async #run(callers: Caller<Item>[]): Promise<void> {
    try {
      await this.#work(callers.flatMap(({ items }) => items))
      for (const { resolve } of callers) resolve()
    } catch (error) {
      if (callers.length === 1) callers[0]!.reject(error)
      else await Promise.all(callers.map((caller) => this.#run([caller])))
    }
  }
}
