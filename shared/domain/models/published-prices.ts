import type { Price, PriceList } from './price.ts'

/** Dollars per million tokens, as providers publish them. */
type Published = readonly [input: number, cachedInput: number, output: number]

function tokens([input, cachedInput, output]: Published) {
  return {
    inputMicrodollarsPerMillion: Math.round(input * 1_000_000),
    cachedInputMicrodollarsPerMillion: Math.round(cachedInput * 1_000_000),
    outputMicrodollarsPerMillion: Math.round(output * 1_000_000),
  }
}

function price(
  from: string,
  dollars: Published,
  more: { longContext?: readonly [aboveInputTokens: number, ...Published]; requestDollars?: number } = {},
): Price {
  const [aboveInputTokens, ...long] = more.longContext ?? [0, 0, 0, 0]
  return {
    from,
    ...tokens(dollars),
    requestMicrodollars: Math.round((more.requestDollars ?? 0) * 1_000_000),
    longContext: more.longContext ? { aboveInputTokens, ...tokens(long as unknown as Published) } : null,
  }
}

/**
 * List prices of the providers for calls that are answered at once (no batch, no priority), text in and text out. Where
 * a price went down and the day is not known for sure, the later one stands here; where it depends on something that we
 * don't see, the highest.
 */
export const publishedPrices: PriceList = {
  // Google, "Vertex AI: cost of building and deploying AI models", section Gemini 2.5; output includes thinking.
  'gemini:gemini-2.5-flash': [
    price('2025-06-17', [0.3, 0.075, 2.5]),
    // Kept input was made cheaper in the autumn of 2025.
    price('2026-01-01', [0.3, 0.03, 2.5]),
  ],
  'gemini:gemini-2.5-flash-lite': [price('2025-07-22', [0.1, 0.025, 0.4]), price('2026-01-01', [0.1, 0.01, 0.4])],
  'gemini:gemini-2.5-pro': [
    price('2025-06-17', [1.25, 0.3125, 10], { longContext: [200_000, 2.5, 0.625, 15] }),
    price('2026-01-01', [1.25, 0.125, 10], { longContext: [200_000, 2.5, 0.25, 15] }),
  ],

  // Anthropic, "Pricing", and Google's page of partner models. From Sonnet 4.5 on, regional endpoints cost 10 % more
  // than the global one: this is the regional price.
  'claude:claude-sonnet-4': [price('2025-05-22', [3, 0.3, 15], { longContext: [200_000, 6, 0.6, 22.5] })],
  'claude:claude-sonnet-4-5': [price('2025-09-29', [3.3, 0.33, 16.5], { longContext: [200_000, 6.6, 0.66, 24.75] })],
  'claude:claude-haiku-4-5': [price('2025-10-15', [1.1, 0.11, 5.5])],

  // OpenAI, "Pricing", standard processing.
  'openai:gpt-4o': [price('2024-10-02', [2.5, 1.25, 10])],
  'openai:gpt-4o-mini': [price('2024-10-02', [0.15, 0.075, 0.6])],
  'openai:gpt-4.1': [price('2025-04-14', [2, 0.5, 8])],
  'openai:gpt-4.1-mini': [price('2025-04-14', [0.4, 0.1, 1.6])],
  'openai:gpt-4.1-nano': [price('2025-04-14', [0.1, 0.025, 0.4])],

  // Perplexity, "Pricing": tokens, and a fee for each request, here for the smallest search context, which is what our
  // driver asks for.
  'perplexity:sonar': [price('2025-04-18', [1, 1, 1], { requestDollars: 0.005 })],
  'perplexity:sonar-pro': [price('2025-04-18', [3, 3, 15], { requestDollars: 0.006 })],

  // Rules of ours, in this process.
  'local:rules-1': [price('1970-01-01', [0, 0, 0])],
}
