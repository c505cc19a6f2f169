import type { Price, PriceList } from './price.ts'
import { publishedPrices } from './published-prices.ts'
import type { ModelName, TokenUsage } from './types.ts'

/** For models that cost nothing a call, e.g. on hardware of one's own: said of each by name, never assumed. */
const free: Price = {
  from: '1970-01-01',
  inputMicrodollarsPerMillion: 0,
  cachedInputMicrodollarsPerMillion: 0,
  outputMicrodollarsPerMillion: 0,
  requestMicrodollars: 0,
  longContext: null,
}

/**
 * The published prices with what an installation says itself.
 * @param own in place of the published ones of the same model
 * @param freeModels names of models (`driver:model`) that cost nothing
 */
export function priceList(own: PriceList = {}, freeModels: readonly string[] = []): PriceList {
  return { ...publishedPrices, ...Object.fromEntries(freeModels.map((name) => [name, [free]])), ...own }
}

/**
 * What a model costs at a moment; null when nobody said: then it must not be asked. A version behind `@`
 * (`claude-sonnet-4@20250514`) has the price of the model, unless it has one of its own.
 */
export function findPrice(list: PriceList, { driver, model }: ModelName, now: Date): Price | null {
  const day = now.toISOString().slice(0, 10)
  for (const name of [`${driver}:${model}`, `${driver}:${model.replace(/@[A-Za-z0-9-]{1,40}$/, '')}`]) {
    if (!Object.hasOwn(list, name)) continue
    const valid = list[name]!.filter(({ from }) => from <= day)
    if (valid.length > 0) return valid.reduce((last, price) => (price.from >= last.from ? price : last))
  }
  return null
}

/** What a call cost, rounded up to whole microdollars. */
export function costOf(price: Price, usage: Pick<TokenUsage, 'input' | 'cachedInput' | 'output'>): number {
  const tier = tierOf(price, usage.input)
  return sum(price.requestMicrodollars, [
    [usage.input - usage.cachedInput, tier.inputMicrodollarsPerMillion],
    [usage.cachedInput, tier.cachedInputMicrodollarsPerMillion],
    [usage.output, tier.outputMicrodollarsPerMillion],
  ])
}

/** The most that a call within these bounds can cost: nothing kept from before, every token used. */
export function worstCaseOf(price: Price, bound: { inputTokens: number; outputTokens: number }): number {
  return costOf(price, { input: bound.inputTokens, cachedInput: 0, output: bound.outputTokens })
}

function tierOf(price: Price, inputTokens: number) {
  return price.longContext && inputTokens > price.longContext.aboveInputTokens ? price.longContext : price
}

/** Products of tokens and prices can be more than a double holds. */
function sum(requestMicrodollars: number, parts: readonly (readonly [tokens: number, perMillion: number])[]): number {
  const millionths = parts.reduce((total, [tokens, price]) => total + BigInt(tokens) * BigInt(price), 0n)
  return requestMicrodollars + Number((millionths + 999_999n) / 1_000_000n)
}
