/** How long what was looked up is believed, and thereby how long what was withdrawn may still be taken somewhere. */
const believedMilliseconds = 5_000
const maximumBelieved = 10_000

/** What was looked up moments ago. Only what is there is kept: guesses can't fill it. */
export class Believed<Value extends object> {
  readonly #now: () => Date
  readonly #entries = new Map<string, { value: Value; lookedAt: number }>()

  constructor(now: () => Date) {
    this.#now = now
  }

  recall(id: string): Value | null {
    const entry = this.#entries.get(id)
    // A clock that was set back makes it look younger than it is.
    const isFresh = entry && Math.abs(this.#now().getTime() - entry.lookedAt) < believedMilliseconds
    return isFresh ? entry.value : null
  }

  /** Looks it up afresh. */
  async look<Found extends Value | null>(id: string, load: () => Promise<Found>): Promise<Found> {
    // From before the look, so that what was withdrawn during it isn't believed for longer.
    const lookedAt = this.#now().getTime()
    const value = await load()
    this.#entries.delete(id)
    if (value === null) return value
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined && this.#entries.size >= maximumBelieved) this.#entries.delete(oldest)
    this.#entries.set(id, { value, lookedAt })
    return value
  }
}
