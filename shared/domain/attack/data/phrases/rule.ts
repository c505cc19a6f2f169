/**
 * Phrases that describe one technique, in the notation of `phrase-syntax.ts`, by how much one mention says. A text is
 * believed to describe the technique when its mentions together weigh 1: a `certain` phrase weighs 1, a `strong` one a
 * half, a `weak` one a quarter, a `hint` an eighth.
 */
export interface PhraseRule {
  id: string
  certain?: readonly string[]
  strong?: readonly string[]
  weak?: readonly string[]
  hint?: readonly string[]
}

/** What one mention of a phrase of each level weighs. */
export const PHRASE_WEIGHTS = { certain: 1, strong: 0.5, weak: 0.25, hint: 0.125 } as const
