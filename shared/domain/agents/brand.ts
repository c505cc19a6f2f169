import * as v from 'valibot'
import { brandFaults } from '../guardian/brand.ts'
import type { BrandRules } from '../guardian/types.ts'
import type { Json, Sql } from '../sql.ts'
import { readAgent } from './registry.ts'

/** What may be said only in a quote's own words, unless the workspace says otherwise: everything that there is a rule for. */
const strictestWording: BrandRules['wordForWord'] = ['superlatives', 'guarantees', 'comparisons']

/** A list, or one text with an item a line. */
const lines = v.fallback(
  v.pipe(
    v.union([v.array(v.string()), v.string()]),
    v.transform((given) => (typeof given === 'string' ? given.split('\n') : given)),
    v.transform((items) => items.map((item) => item.trim()).filter((item) => item !== '')),
  ),
  [],
)
/** Words hold no commas, so a text may separate them by such. */
const words = v.pipe(
  lines,
  v.transform((items) => items.flatMap((item) => item.split(',')).map((item) => item.trim())),
  v.transform((items) => items.filter((item) => item !== '')),
)

/** By their names in the Arbiter's settings; each one that is missing or of another form is as if it were not set. */
const BrandSettings = v.object({
  brand_banned_words: v.optional(words, []),
  brand_required_phrases: v.optional(lines, []),
  brand_approved_phrases: v.optional(lines, []),
  brand_exclamation_marks: v.fallback(v.optional(v.boolean(), false), false),
  brand_capitals: v.fallback(v.optional(v.boolean(), false), false),
  brand_maximum_sentence_words: v.fallback(
    v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))), null),
    null,
  ),
  brand_word_for_word: v.fallback(v.optional(v.array(v.picklist(strictestWording)), [...strictestWording]), [
    ...strictestWording,
  ]),
})

/** How a workspace speaks, from the Arbiter's settings; what is banned stays so in phrases that are approved too. */
export function toBrandRules(settings: Readonly<Record<string, Json>>): BrandRules {
  const set = v.parse(BrandSettings, settings)
  const bannedWords = set.brand_banned_words
  const isFree = (phrase: string) => !hasBannedWord(phrase, bannedWords)
  return {
    bannedWords,
    requiredPhrases: set.brand_required_phrases.filter(isFree),
    approvedPhrases: set.brand_approved_phrases.filter(isFree),
    tone: {
      exclamationMarks: set.brand_exclamation_marks,
      capitals: set.brand_capitals,
      maximumSentenceWords: set.brand_maximum_sentence_words,
    },
    wordForWord: set.brand_word_for_word,
  }
}

/** Whether a text holds a word that the brand does not use, whatever its case. */
export function hasBannedWord(text: string, bannedWords: readonly string[]): boolean {
  const tone = { exclamationMarks: true, capitals: true, maximumSentenceWords: null }
  const rules = { bannedWords, requiredPhrases: [], approvedPhrases: [], tone, wordForWord: [] }
  return brandFaults(text, [], rules).length > 0
}

/** The brand rules of a workspace, which people set as settings of its Arbiter. */
export async function readBrandRules(sql: Sql, workspaceId: string): Promise<BrandRules> {
  const { settings } = await readAgent(sql, workspaceId, 'arbiter')
  return toBrandRules(settings as Record<string, Json>)
}
