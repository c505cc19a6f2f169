import { type Technique, techniqueById } from './catalogue.ts'
import { PHRASE_CLASSES, PHRASE_WEIGHTS, PHRASES, type PhraseRule } from './data/phrases.ts'
import type { LexiconBuilder } from './lexicon.ts'
import { phraseReader } from './phrase-syntax.ts'
import { WINDOW_MASK, type WordWindow } from './scan.ts'

/** Marks words that end some phrase, in the lexicon's flags. */
export const ENDS_PHRASE = 2

/** One phrase of the table, compiled for matching from its last word to its first. */
export interface CompiledPhrase {
  technique: Technique
  /** Its place in the table. */
  number: number
  /** How much one mention says: 1 is enough alone, less must be met again in the same text. */
  weight: number
  source: string
  /** Per place, last first: the words that may stand there, one flag per word id. The last two are left to the pair table. */
  places: (Uint8Array | null)[]
  /** Per place: the largest difference between its ordinal and that of the place after it. */
  reach: number[]
}

/**
 * All phrases, found by the words that end them: a phrase of one word by that word, every other by the pair of its last
 * two words, which is rare enough to be looked up for each word that is read.
 */
export interface PhraseTable {
  phrases: CompiledPhrase[]
  /** Numbers of the one-word phrases, by word id. */
  single: (number[] | undefined)[]
  /** By word id: how far back the place before this last word may be, 0 when it ends no longer phrase. */
  reach: Uint8Array
  /** By word id: 1 when the word may stand before the last one of some phrase. */
  leads: Uint8Array
  /** One bit per hash of a pair: clear means that no phrase ends so, without a look at the large table. */
  pairBits: Uint8Array
  /** Open-addressing table from a pair of words to a chain of phrases. */
  pairKeys: Int32Array
  pairHeads: Int32Array
  pairMask: number
  chainPhrase: Int32Array
  chainNext: Int32Array
  /** Per link: how far apart the pair may stand. */
  chainReach: Uint8Array
  /** Per phrase: the window count at which it last matched, so that one end is reported once. */
  matchedAt: Int32Array
}

const LEVELS = ['certain', 'strong', 'weak', 'hint'] as const

function pairKey(last: number, before: number): number {
  return (last << 16) | before
}

function mixPair(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

const PAIR_BITS = 18
const PAIR_BIT_MASK = (1 << PAIR_BITS) - 1

/**
 * Compiles the phrase table.
 *
 * @param lexicon receives the words of the phrases
 * @throws Error when the table holds a phrase that can't be read
 */
export function buildPhraseTable(lexicon: LexiconBuilder, rules: readonly PhraseRule[] = PHRASES): PhraseTable {
  const read = phraseReader(PHRASE_CLASSES)
  const wordIds = new Map<string[], number[]>()
  const idsOf = (words: string[]) => {
    let ids = wordIds.get(words)
    if (ids === undefined) {
      ids = words.map((word) => lexicon.add(word))
      wordIds.set(words, ids)
    }
    return ids
  }
  const parsed: { id: string; weight: number; source: string; places: { ids: number[]; gap: number }[] }[] = []
  for (const rule of rules) {
    for (const level of LEVELS) {
      for (const source of rule[level] ?? []) {
        const places = read(source).map(({ words, gap }) => ({ ids: idsOf(words), gap }))
        parsed.push({ id: rule.id, weight: PHRASE_WEIGHTS[level], source, places: places.reverse() })
      }
    }
  }
  const size = lexicon.size()
  const flagsOf = new Map<number[], Uint8Array>()
  const flags = (ids: number[]) => {
    let set = flagsOf.get(ids)
    if (set === undefined) {
      set = new Uint8Array(size)
      for (const id of ids) set[id] = 1
      flagsOf.set(ids, set)
    }
    return set
  }
  const single: (number[] | undefined)[] = new Array(size).fill(undefined)
  const reach = new Uint8Array(size)
  const leads = new Uint8Array(size)
  const keys: number[] = []
  const chainPhrase: number[] = []
  const chainReach: number[] = []
  const phrases = parsed.map(({ id, weight, source, places }, number) => {
    const steps = places.map((_, index) => (index === 0 ? 0 : places[index - 1]!.gap + 1))
    for (const last of places[0]!.ids) {
      lexicon.flag(last, ENDS_PHRASE)
      if (places.length === 1) {
        const known = single[last]
        if (known === undefined) single[last] = [number]
        else known.push(number)
        continue
      }
      if (steps[1]! > reach[last]!) reach[last] = steps[1]!
      for (const before of places[1]!.ids) {
        leads[before] = 1
        keys.push(pairKey(last, before))
        chainPhrase.push(number)
        chainReach.push(steps[1]!)
      }
    }
    const technique = techniqueById(id)
    if (technique === undefined) throw new Error(`phrase of an unknown technique ${id}: ${source}`)
    return {
      technique,
      number,
      weight,
      source,
      places: places.map(({ ids }, at) => (at < 2 ? null : flags(ids))),
      reach: steps,
    }
  })
  return {
    phrases,
    single,
    reach,
    leads,
    ...pairTable(keys),
    chainPhrase: Int32Array.from(chainPhrase),
    chainReach: Uint8Array.from(chainReach),
    matchedAt: new Int32Array(phrases.length),
  }
}

function pairTable(
  keys: number[],
): Pick<PhraseTable, 'pairBits' | 'pairKeys' | 'pairHeads' | 'pairMask' | 'chainNext'> {
  let size = 1024
  while (size < keys.length * 2) size *= 2
  const pairMask = size - 1
  const pairBits = new Uint8Array(1 << (PAIR_BITS - 3))
  const pairKeys = new Int32Array(size)
  const pairHeads = new Int32Array(size).fill(-1)
  const chainNext = new Int32Array(keys.length).fill(-1)
  for (let link = 0; link < keys.length; link++) {
    const key = keys[link]!
    const mixed = mixPair(key)
    const bit = mixed & PAIR_BIT_MASK
    pairBits[bit >>> 3]! |= 1 << (bit & 7)
    let slot = mixed & pairMask
    while (pairKeys[slot] !== 0 && pairKeys[slot] !== key) slot = (slot + 1) & pairMask
    pairKeys[slot] = key
    chainNext[link] = pairHeads[slot]!
    pairHeads[slot] = link
  }
  return { pairBits, pairKeys, pairHeads, pairMask, chainNext }
}

/**
 * Finds every phrase that ends at the window's newest word.
 *
 * @param table the compiled phrases
 * @param window the last known words
 * @param onMatch called with the phrase and the window position of its first word
 */
export function matchPhrases(
  table: PhraseTable,
  window: WordWindow,
  onMatch: (phrase: CompiledPhrase, first: number) => void,
): void {
  const { ids, ordinals } = window
  const newest = window.count - 1
  const last = ids[newest & WINDOW_MASK]!
  const alone = table.single[last]
  if (alone !== undefined) for (let at = 0; at < alone.length; at++) onMatch(table.phrases[alone[at]!]!, newest)
  const reach = table.reach[last]!
  const ordinal = ordinals[newest & WINDOW_MASK]!
  // Most words that end phrases stand alone: the word before is too far away for any of them.
  if (newest === 0 || ((ordinal - ordinals[(newest - 1) & WINDOW_MASK]!) | 0) > reach) return
  const { leads, pairBits, pairKeys, pairHeads, pairMask, chainNext, chainPhrase, chainReach, matchedAt } = table
  const oldest = Math.max(0, window.count - WINDOW_MASK)
  for (let position = newest - 1; position >= oldest; position--) {
    const distance = (ordinal - ordinals[position & WINDOW_MASK]!) | 0
    if (distance > reach) return
    const before = ids[position & WINDOW_MASK]!
    if (leads[before] === 0) continue
    const key = pairKey(last, before)
    const mixed = mixPair(key)
    const bit = mixed & PAIR_BIT_MASK
    if ((pairBits[bit >>> 3]! & (1 << (bit & 7))) === 0) continue
    let slot = mixed & pairMask
    while (pairKeys[slot] !== 0 && pairKeys[slot] !== key) slot = (slot + 1) & pairMask
    if (pairKeys[slot] === 0) continue
    for (let link = pairHeads[slot]!; link >= 0; link = chainNext[link]!) {
      const number = chainPhrase[link]!
      if (distance > chainReach[link]! || matchedAt[number] === window.count) continue
      const phrase = table.phrases[number]!
      const first = matchBefore(phrase, 2, position, window)
      if (first < 0) continue
      matchedAt[number] = window.count
      onMatch(phrase, first)
    }
  }
}

/**
 * Matches the places before a matched one and gives the window position of the phrase's first word, or -1. Work is
 * bounded by the phrase: its places and gaps are few and small.
 */
function matchBefore(phrase: CompiledPhrase, place: number, after: number, window: WordWindow): number {
  if (place === phrase.places.length) return after
  const words = phrase.places[place]
  if (words == null) return -1
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
