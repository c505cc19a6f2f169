/**
 * Shares a number of places between lanes: each may always hold a few, and beyond these what is left of the total.
 */
export class Places {
  readonly #total: number
  readonly #guaranteed: number
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(total: number, guaranteedPerLane: number) {
    this.#total = total
    this.#guaranteed = guaranteedPerLane
  }

  /**
   * Takes up to `wanted` places for a lane that holds `held`.
   *
   * @param onFree - called once when a place may be free again, if fewer than wanted were given.
   * @returns how many were taken.
   */
  take(wanted: number, held: number, onFree: () => void): number {
    const given = Math.max(0, Math.min(wanted, Math.max(this.#guaranteed - held, this.#total - this.#taken)))
    this.#taken += given
    if (given < wanted) this.#waiting.add(onFree)
    return given
  }

  give(count: number): void {
    this.#taken -= count
    // First come, first served; who then gets too little goes to the end of the line.
    for (const onFree of [...this.#waiting]) {
      if (this.#taken >= this.#total) return
      this.#waiting.delete(onFree)
      onFree()
    }
  }
}

/** A token bucket: so many a second, and after a pause a fifth of a second's worth at once. */
export class RateLimit {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #filledAt: number

  constructor(perSecond: number, nowMilliseconds: number) {
    this.#perSecond = perSecond
    this.#burst = Math.max(1, perSecond / 5)
    this.#tokens = this.#burst
    this.#filledAt = nowMilliseconds
  }

  take(wanted: number, nowMilliseconds: number): number {
    const earned = ((nowMilliseconds - this.#filledAt) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, earned))
    this.#filledAt = nowMilliseconds
    const given = Math.min(wanted, Math.floor(this.#tokens))
    this.#tokens -= given
    return given
  }

  /** Takes back what was not used. */
  give(count: number): void {
    this.#tokens += count
  }

  /** Milliseconds until a token will be there. */
  waitMilliseconds(): number {
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000)
  }
}
