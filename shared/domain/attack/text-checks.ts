import { WORD_CODES, wideWordCode } from './lexicon.ts'

const MAX_SEPARATOR = 6

function isWordUnit(unit: number): boolean {
  return (unit < 128 ? WORD_CODES[unit]! : wideWordCode(unit)) !== 0
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 10 || unit === 13 || unit === 9 || unit === 0xa0 || unit === 0x202f || unit === 0x2009
}

/**
 * Whether what stands between two words may stand inside one name: spaces and one line break, hyphens, one of
 * `. _ / & : ( @ # ' +`. A full stop, comma or bracket followed by a space ends the name.
 *
 * @param text the text
 * @param from end of the first word
 * @param to start of the second word
 */
export function joinsName(text: string, from: number, to: number): boolean {
  if (to - from > MAX_SEPARATOR || to <= from) return false
  let marks = 0
  let spaces = 0
  let breaks = 0
  for (let index = from; index < to; index++) {
    const unit = text.charCodeAt(index)
    if (isSpace(unit)) {
      spaces++
      if (unit === 10 && ++breaks > 1) return false
      continue
    }
    if (unit === 45 || unit === 0x2010 || unit === 0x2011 || unit === 0x2013 || unit === 0x2014) {
      if (++marks > 1) return false
      continue
    }
    const joining = unit === 95 || unit === 47 || unit === 38 || unit === 58 || unit === 40
    const tight = unit === 46 || unit === 64 || unit === 35 || unit === 39 || unit === 43 || unit === 0x2019
    if (!joining && !tight) return false
    if (tight && to - from > 1) return false
    if (++marks > 1) return false
  }
  return marks === 0 || spaces <= 3
}

/** Whether every word of a span starts with a capital or a digit; articles, prepositions and "group" need not. */
export function isCapitalised(text: string, start: number, end: number): boolean {
  let index = start
  while (index < end) {
    while (index < end && !isWordUnit(text.charCodeAt(index))) index++
    const from = index
    while (index < end && isWordUnit(text.charCodeAt(index))) index++
    if (index === from) break
    const first = text.charCodeAt(from)
    if (first >= 97 && first <= 122 && !SMALL_WORDS.has(text.slice(from, index))) return false
  }
  return true
}

const SMALL_WORDS = new Set([
  'of',
  'and',
  'or',
  'the',
  'in',
  'to',
  'for',
  'from',
  'via',
  'over',
  'with',
  'a',
  'an',
  'by',
  'group',
  'team',
  'gang',
])

/** Whether a span has at least one letter and all its ASCII letters are capitals. */
export function isUpperCase(text: string, start: number, end: number): boolean {
  let letters = 0
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 97 && unit <= 122) return false
    if (unit >= 65 && unit <= 90) letters++
  }
  return letters > 0
}

/**
 * Visits the words beside a span, nearest first, lower-cased, until a sentence ends or the visitor has seen enough.
 *
 * @param text the text
 * @param at where to start: the span's end to look forward, its start to look back
 * @param step 1 forward, -1 back
 * @param count how many words at most
 * @param visit gives true to go on
 */
export function visitBeside(
  text: string,
  at: number,
  step: 1 | -1,
  count: number,
  visit: (word: string) => boolean,
): void {
  // Sixteen characters a word keep the search constant however long the "words" of hostile text are.
  const last = step === 1 ? Math.min(text.length - 1, at + count * 16) : Math.max(0, at - 1 - count * 16)
  let index = step === 1 ? at : at - 1
  let seen = 0
  while (seen < count && (step === 1 ? index <= last : index >= last)) {
    const unit = text.charCodeAt(index)
    if (!isWordUnit(unit)) {
      if (unit === 46 || unit === 33 || unit === 63 || unit === 10) {
        const after = text.charCodeAt(index + 1)
        if (unit === 10 ? after === 10 || after === 13 : after <= 32) return
      }
      index += step
      continue
    }
    const from = index
    while ((step === 1 ? index <= last : index >= last) && isWordUnit(text.charCodeAt(index))) index += step
    seen++
    if (!visit((step === 1 ? text.slice(from, index) : text.slice(index + 1, from + 1)).toLowerCase())) return
  }
}

/** The words beside a span, nearest first, lower-cased: see `visitBeside`. */
export function wordsBeside(text: string, at: number, step: 1 | -1, count: number): string[] {
  const words: string[] = []
  visitBeside(text, at, step, count, (word) => words.push(word) > 0)
  return words
}
