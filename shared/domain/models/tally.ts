import type { TokenUsage } from './types.ts'

/** What the calls for one answer cost together. */
export class Tally {
  #costMicrodollars = 0
  #usage: TokenUsage = { input: 0, cachedInput: 0, output: 0, thinking: 0 }

  add(costMicrodollars: number, usage: TokenUsage): void {
    this.#costMicrodollars += costMicrodollars
    this.#usage = {
      input: this.#usage.input + usage.input,
      cachedInput: this.#usage.cachedInput + usage.cachedInput,
      output: this.#usage.output + usage.output,
      thinking: this.#usage.thinking + usage.thinking,
    }
  }

  get total(): { usage: TokenUsage; costMicrodollars: number } {
    return { usage: this.#usage, costMicrodollars: this.#costMicrodollars }
  }
}

/** The most tokens that a call can have. */
export interface TokenBound {
  input: number
  output: number
}

/** What a call counted as: never more than was bounded, whatever the provider says. */
export interface Counted {
  usage: TokenUsage
  /** Our bound, at least in part: the provider said nothing, or what can't be. */
  estimated: boolean
  /** What was wrong with the provider's figures; null: nothing, or there were none. */
  problem: string | null
}

/** Takes the provider's figures as far as they can be true; what is missing counts as the worst case. */
export function countTokens(said: TokenUsage | null, bound: TokenBound): Counted {
  const worst = { input: bound.input, cachedInput: 0, output: bound.output, thinking: 0 }
  if (!said) return { usage: worst, estimated: true, problem: null }
  const { input, cachedInput, output, thinking } = said
  if (![input, cachedInput, output, thinking].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    return { usage: worst, estimated: true, problem: 'tokens must be whole numbers' }
  }
  const isTooMuch = input > bound.input || output > bound.output
  const isTwisted = cachedInput > input || thinking > output
  if (!isTooMuch && !isTwisted) return { usage: said, estimated: false, problem: null }
  const usage = {
    input: Math.min(input, bound.input),
    // A discount is not taken from figures that don't add up.
    cachedInput: cachedInput > input ? 0 : Math.min(cachedInput, bound.input),
    output: Math.min(output, bound.output),
    thinking: Math.min(thinking, output, bound.output),
  }
  return { usage, estimated: true, problem: isTooMuch ? 'more tokens than there can be' : 'parts above the whole' }
}
