/** @param forgottenAt since when no value that has been forgotten was used (-Infinity: none was) */
type Create<Value, Hint> = (id: string, now: number, forgottenAt: number, hint: Hint) => Value

/**
 * The most recently used values by id, at least half of `capacity` and never more than it.
 *
 * Two generations: when the young one is full it becomes the old one, and what was old and not used since is forgotten.
 * So a hit costs one look-up and moves nothing.
 */
export class RecentTable<Value, Hint = undefined> {
  readonly #generation: number
  readonly #create: Create<Value, Hint>
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #agedAt = Number.NEGATIVE_INFINITY
  #forgottenAt = Number.NEGATIVE_INFINITY

  constructor(capacity: number, create: Create<Value, Hint>) {
    this.#generation = Math.ceil(capacity / 2)
    this.#create = create
  }

  /** The value of this id, made when there is none. @param hint what it takes to make it */
  find(id: string, now: number, hint: Hint): Value {
    const known = this.#young.get(id)
    if (known !== undefined) return known
    const value = this.#old.get(id) ?? this.#create(id, now, this.#forgottenAt, hint)
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
