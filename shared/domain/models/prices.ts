import * as v from 'valibot'
import { publishedPrices } from './published-prices.ts'
import type { ModelName, TokenUsage } from './types.ts'

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const tokenPrices = {
  inputMicrodollarsPerMillion: whole,
  /** Input that the provider had kept from a call before; a part of the input. */
  cachedInputMicrodollarsPerMillion: whole,
  /** Output, thinking included. */
  outputMicrodollarsPerMillion: whole,
}

/** What a model costs from a day on: integers, in microdollars (millionths of a US dollar). */
export const Price = v.pipe(
  v.strictObject({
    /** First day (UTC) on which it holds. */
    from: v.pipe(v.string(), v.isoDate()),
    ...tokenPrices,
    /** For the call itself, whatever its tokens. */
    requestMicrodollars: v.optional(whole, 0),
    /** Prices of the whole call once its input has more tokens than this. */
    longContext: v.optional(v.nullable(v.strictObject({ aboveInputTokens: whole, ...tokenPrices })), null),
  }),
  v.check(
    (price) =>
      [price, price.longContext ?? price].every(
        (tier) => tier.cachedInputMicrodollarsPerMillion <= tier.inputMicrodollarsPerMillion,
      ),
    'kept input must not cost more than other input',
  ),
  v.check(
    ({ longContext, ...base }) =>
      longContext === null ||
      (Object.keys(tokenPrices) as (keyof typeof tokenPrices)[]).every((name) => longContext[name] >= base[name]),
    'a long context must not cost less than a short one',
  ),
)
export type Price = v.InferOutput<typeof Price>

/** Prices of each model over time, by `driver:model`. */
export const PriceList = v.record(v.string(), v.pipe(v.array(Price), v.minLength(1)))
export type PriceList = Readonly<Record<string, readonly Price[]>>

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
