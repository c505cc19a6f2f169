import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { type Price, PriceList } from './price.ts'
import { costOf, findPrice, priceList, worstCaseOf } from './prices.ts'
import { publishedPrices } from './published-prices.ts'

const today = new Date('2026-11-21T10:00:00Z')
const prices = Object.values(publishedPrices).flat()
const priceArbitrary = fc.oneof(
  fc.constantFrom(...prices),
  fc
    .record({
      base: fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 3, maxLength: 3 }),
      more: fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 3, maxLength: 3 }),
      above: fc.integer({ min: 0, max: 300_000 }),
      request: fc.integer({ min: 0, max: 1_000_000 }),
    })
    .map(({ base, more, above, request }): Price => {
      const tier = ([input, cached, output]: number[]) => ({
        inputMicrodollarsPerMillion: input!,
        cachedInputMicrodollarsPerMillion: Math.min(cached!, input!),
        outputMicrodollarsPerMillion: output!,
      })
      const long = tier(base.map((price, at) => price + more[at]!))
      long.cachedInputMicrodollarsPerMillion = Math.max(
        long.cachedInputMicrodollarsPerMillion,
        tier(base).cachedInputMicrodollarsPerMillion,
      )
      return {
        from: '2026-01-01',
        ...tier(base),
        requestMicrodollars: request,
        longContext: { aboveInputTokens: above, ...long },
      }
    }),
)
const tokens = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 20_000_000 }))
const usageArbitrary = fc
  .record({ input: tokens, cached: tokens, output: tokens })
  .map(({ input, cached, output }) => ({ input, cachedInput: Math.min(input, cached), output }))

describe('prices', () => {
  test('no call costs more than the worst case within its bounds', () => {
    fc.assert(
      fc.property(priceArbitrary, usageArbitrary, tokens, tokens, (price, usage, moreInput, moreOutput) => {
        const bound = { inputTokens: usage.input + moreInput, outputTokens: usage.output + moreOutput }
        const worst = worstCaseOf(price, bound)
        expect(Number.isSafeInteger(worst)).toBe(true)
        expect(costOf(price, usage)).toBeLessThanOrEqual(worst)
      }),
      { numRuns: 2_000 },
    )
  })

  test('more tokens never cost less, and kept ones never more', () => {
    fc.assert(
      fc.property(priceArbitrary, usageArbitrary, tokens, tokens, (price, usage, moreInput, moreOutput) => {
        const cost = costOf(price, usage)
        const more = { ...usage, input: usage.input + moreInput, output: usage.output + moreOutput }
        expect(costOf(price, more)).toBeGreaterThanOrEqual(cost)
        expect(costOf(price, { ...usage, cachedInput: 0 })).toBeGreaterThanOrEqual(cost)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a part of a microdollar costs a whole one', () => {
    const price = findPrice(publishedPrices, { driver: 'gemini', model: 'gemini-2.5-flash' }, today)!
    expect(costOf(price, { input: 1, cachedInput: 0, output: 0 })).toBe(1)
    expect(costOf(price, { input: 0, cachedInput: 0, output: 0 })).toBe(0)
    expect(costOf(price, { input: 1_000, cachedInput: 500, output: 100 })).toBe(150 + 15 + 250)
  })

  test('a long context has its own price from the first token beyond the limit on', () => {
    const price = findPrice(publishedPrices, { driver: 'gemini', model: 'gemini-2.5-pro' }, today)!
    expect(costOf(price, { input: 200_000, cachedInput: 0, output: 1_000 })).toBe(250_000 + 10_000)
    expect(costOf(price, { input: 200_001, cachedInput: 0, output: 1_000 })).toBe(500_003 + 15_000)
  })

  test('a fee for the request is part of what a call costs', () => {
    const price = findPrice(publishedPrices, { driver: 'perplexity', model: 'sonar' }, today)!
    expect(costOf(price, { input: 0, cachedInput: 0, output: 0 })).toBe(5_000)
  })

  test('the price of the day holds: the last one that has begun', () => {
    const at = (day: string) =>
      findPrice(publishedPrices, { driver: 'gemini', model: 'gemini-2.5-flash' }, new Date(`${day}Z`))
    expect(at('2025-06-16T23:59:59')).toBeNull()
    expect(at('2025-12-31T23:59:59')?.cachedInputMicrodollarsPerMillion).toBe(75_000)
    expect(at('2026-01-01T00:00:00')?.cachedInputMicrodollarsPerMillion).toBe(30_000)
  })

  test('a version has the price of its model; a model that nobody knows has none', () => {
    const find = (driver: string, model: string) => findPrice(priceList(), { driver, model }, today)
    expect(find('claude', 'claude-sonnet-4@20250514')?.outputMicrodollarsPerMillion).toBe(15_000_000)
    for (const model of ['gpt-9', 'gpt-4o-2099', 'gpt-4o@../../x', 'toString', '__proto__', ''])
      expect(find('openai', model)).toBeNull()
    expect(find('ollama', 'llama3.1:8b')).toBeNull()
  })

  test('an installation adds prices of its own, and says of each model by name that it is free', () => {
    const own = v.parse(PriceList, {
      'openai:gpt-9': [
        {
          from: '2026-01-01',
          inputMicrodollarsPerMillion: 3,
          cachedInputMicrodollarsPerMillion: 2,
          outputMicrodollarsPerMillion: 4,
        },
      ],
    })
    const list = priceList(own, ['ollama:llama3.1:8b'])
    expect(findPrice(list, { driver: 'openai', model: 'gpt-9' }, today)?.requestMicrodollars).toBe(0)
    expect(findPrice(list, { driver: 'ollama', model: 'llama3.1:8b' }, today)?.outputMicrodollarsPerMillion).toBe(0)
    expect(findPrice(list, { driver: 'ollama', model: 'llama3.1:70b' }, today)).toBeNull()
  })

  test('every published price is a price; one whose worst case would not be the worst is refused', () => {
    expect(v.is(PriceList, publishedPrices)).toBe(true)
    const [price] = publishedPrices['gemini:gemini-2.5-pro']!
    const twisted: object[] = [
      { ...price, cachedInputMicrodollarsPerMillion: 99_000_000 },
      { ...price, inputMicrodollarsPerMillion: 0.5 },
      { ...price, outputMicrodollarsPerMillion: -1 },
      { ...price, longContext: { ...price!.longContext, outputMicrodollarsPerMillion: 1 } },
      { ...price, from: 'soon' },
    ]
    for (const one of twisted) expect(v.is(PriceList, { 'a:b': [one] })).toBe(false)
    expect(v.is(PriceList, { 'a:b': [] })).toBe(false)
  })
})
