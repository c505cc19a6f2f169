import { PHRASE_CLASSES, PHRASE_WEIGHTS, PHRASES, type PhraseRule } from './data/phrases.ts'
import type { LexiconBuilder } from './lexicon.ts'
import { parsePhrase } from './phrase-syntax.ts'
import { WINDOW_MASK, type WordWindow } from './scan.ts'

/** Marks words that end some phrase, in the lexicon's flags. */
export const ENDS_PHRASE = 2

/** One phrase of the table, compiled for matching from its last word to its first. */
export interface CompiledPhrase {
  techniqueId: string
  /** How much one mention says: 1 is enough alone, less must be met again in other words of the same text. */
  weight: number
  source: string
  /** Per place, last first: the words that may stand there, as one bit per word id. */
  places: Uint8Array[]
  /** Per place: the largest difference between its ordinal and that of the place after it. */
  reach: number[]
}

/** All phrases, by the id of a word that ends them. */
export interface PhraseTable {
  byLastWord: (CompiledPhrase[] | undefined)[]
}

const LEVELS = ['certain', 'strong', 'weak', 'hint'] as const

/**
 * Compiles the phrase table.
 *
 * @param lexicon receives the words of the phrases
 * @throws Error when the table holds a phrase that can't be read
 */
export function buildPhraseTable(lexicon: LexiconBuilder, rules: readonly PhraseRule[] = PHRASES): PhraseTable {
  const parsed = rules.flatMap((rule) =>
    LEVELS.flatMap((level) =>
      (rule[level] ?? []).map((source) => ({
        id: rule.id,
        weight: PHRASE_WEIGHTS[level],
        source,
        places: parsePhrase(source, PHRASE_CLASSES),
      })),
    ),
  )
  const numbered = parsed.map(({ places, ...rest }) => ({
    ...rest,
    places: places.map((place) => ({ ids: place.words.map((word) => lexicon.add(word)), gap: place.gap })),
  }))
  const size =
    numbered.flatMap(({ places }) => places.flatMap(({ ids }) => ids)).reduce((a, b) => Math.max(a, b), 0) + 1
  const shared = new Map<string, Uint8Array>()
  const bits = (ids: number[]) => {
    const key = ids.join()
    let set = shared.get(key)
    if (set === undefined) {
      set = new Uint8Array(size)
      for (const id of ids) set[id] = 1
      shared.set(key, set)
    }
    return set
  }
  const byLastWord: (CompiledPhrase[] | undefined)[] = new Array(size).fill(undefined)
  for (const { id, weight, source, places } of numbered) {
    const reversed = places.toReversed()
    const compiled: CompiledPhrase = {
      techniqueId: id,
      weight,
      source,
      places: reversed.map((place) => bits(place.ids)),
      reach: reversed.map((_, index) => (index === 0 ? 0 : reversed[index - 1]!.gap + 1)),
    }
    for (const last of reversed[0]!.ids) {
      lexicon.flag(last, ENDS_PHRASE)
      const known = byLastWord[last]
      if (known === undefined) byLastWord[last] = [compiled]
      else known.push(compiled)
    }
  }
  return { byLastWord }
}

/**
 * Tries one phrase against the window, whose newest word is the phrase's last, and gives the window position of the
 * phrase's first word, or -1. Work is bounded by the phrase: places and gaps are few and small.
 */
export function matchPhrase(phrase: CompiledPhrase, window: WordWindow): number {
  return matchBefore(phrase, 1, window.count - 1, window)
}

function matchBefore(phrase: CompiledPhrase, place: number, after: number, window: WordWindow): number {
  if (place === phrase.places.length) return after
  const words = phrase.places[place]!
  const reach = phrase.reach[place]!
  const oldest = Math.max(0, window.count - WINDOW_MASK)
  const ordinal = window.ordinals[after & WINDOW_MASK]!
  for (let position = after - 1; position >= oldest; position--) {
    if (((ordinal - window.ordinals[position & WINDOW_MASK]!) | 0) > reach) return -1
    if (words[window.ids[position & WINDOW_MASK]!] !== 1) continue
    const first = matchBefore(phrase, place + 1, position, window)
    if (first >= 0) return first
  }
  return -1
}
