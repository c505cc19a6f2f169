/**
 * Phrases that describe one technique, in the notation of `phrase-syntax.ts`. `strong` ones are believed alone, `weak`
 * ones when a text has at least two different ones for the technique.
 */
export interface PhraseRule {
  id: string
  strong?: readonly string[]
  weak?: readonly string[]
}
