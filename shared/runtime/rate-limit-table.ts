/**
 * The most recently used values by id, at least half of `capacity` and never more than it.
 *
 * Two generations: when the young one is full it becomes the old one, and what was old and not used since is forgotten.
 * So a hit costs one look-up and moves nothing.
 */
export class RecentTable<Value> {
  readonly #generation: number
  readonly #create: (id: string, now: number, forgottenAt: number) => Value
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #agedAt = Number.NEGATIVE_INFINITY
  #forgottenAt = Number.NEGATIVE_INFINITY

  /** @param create is told the moment since which no value that has been forgotten was used (-Infinity: none was). */
  constructor(capacity: number, create: (id: string, now: number, forgottenAt: number) => Value) {
    this.#generation = Math.ceil(capacity / 2)
    this.#create = create
  }

  /** The value of this id, made when there is none. */
  find(id: string, now: number): Value {
    const known = this.#young.get(id)
    if (known !== undefined) return known
    const value = this.#old.get(id) ?? this.#create(id, now, this.#forgottenAt)
    if (this.#young.size >= this.#generation) {
      if (this.#old.size > 0) this.#forgottenAt = this.#agedAt
      this.#old = this.#young
      this.#young = new Map()
      this.#agedAt = now
    }
    this.#young.set(id, value)
    return value
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
