/** Tells of the pieces of the first call that has any: those of another would not follow from them. */
export class Preview {
  readonly #onText: ((piece: string) => void) | undefined
  #isTold = false

  constructor(onText: ((piece: string) => void) | undefined) {
    this.#onText = onText
  }

  /** For one call; undefined when nobody listens any more. */
  begin(): ((piece: string) => void) | undefined {
    const onText = this.#onText
    if (!onText || this.#isTold) return undefined
    return (piece) => {
      this.#isTold = true
      onText(piece)
    }
  }
}
