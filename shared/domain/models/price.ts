import * as v from 'valibot'

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
