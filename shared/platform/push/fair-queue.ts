/**
 * Orders the work of many flows so that each gets its turn: start-time fair queueing (Goyal, Vin and Cheng, 1996) with
 * every piece of work weighing one.
 *
 * A piece gets a tag when it arrives: one more than the last tag of its flow, but never behind the tag that is being
 * served. Served by ascending tag, a flow that brings ten thousand pieces at once and one that brings one take turns.
 */
export class FairQueue {
  #served = 0
  readonly #lastTags = new Map<string, number>()

  /** The tag for a piece that arrives now. */
  tag(flow: string): number {
    const tag = Math.max(this.#served, this.#lastTags.get(flow) ?? 0) + 1
    this.#lastTags.set(flow, tag)
    return tag
  }

  /** Tells that a piece with this tag is being served. */
  serve(tag: number): void {
    if (tag <= this.#served) return
    this.#served = tag
    if (this.#lastTags.size < 1000) return
    for (const [flow, last] of this.#lastTags) if (last <= tag) this.#lastTags.delete(flow)
  }

  /** Recalls, after a restart, the first and the last tag of a flow that still waits. */
  restore(flow: string, lastTag: number): void {
    this.#lastTags.set(flow, Math.max(this.#lastTags.get(flow) ?? 0, lastTag))
  }

  /** Recalls, after a restart, where serving stood. */
  restoreServed(tag: number): void {
    this.#served = Math.max(this.#served, tag)
  }
}
