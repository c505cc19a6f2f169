import { inflect } from './inflect.ts'
import { FUNCTION_WORDS } from './lexicon.ts'

/** One place of a phrase: any of these words, at most `gap` other words after the place before it. */
export interface PhrasePlace {
  words: string[]
  gap: number
}

/**
 * Makes a reader of the phrase table's notation.
 *
 * Words stand for themselves and must be neighbours. `word~` also takes the word's inflections, `(a|b~)` takes any of
 * several, `<name>` any word of a named class, and `..3` lets up to three other words stand in between. A function word
 * stands for any one word or none.
 *
 * @param classes the named classes, each a list of words in the same notation
 * @returns a function from a phrase, e.g. `(create~|register~) ..3 scheduled task~`, to its places; equal parts of
 *   different phrases share one list of words. It throws an Error on a phrase that names an unknown class, is empty or
 *   ends on a gap.
 */
export function phraseReader(classes: Readonly<Record<string, string>>): (source: string) => PhrasePlace[] {
  const known = new Map<string, string[]>()
  const wordsOfPart = (part: string, source: string) => {
    let words = known.get(part)
    if (words === undefined) {
      words = [...new Set(wordsOf(part, source, classes))].filter((word) => !FUNCTION_WORDS.has(word))
      known.set(part, words)
    }
    return words
  }
  return (source) => {
    const places: PhrasePlace[] = []
    let gap = 0
    for (const part of source.split(' ')) {
      if (part.startsWith('..')) {
        const words = Number(part.slice(2))
        if (!Number.isInteger(words) || words < 1) throw new Error(`bad gap in phrase: ${source}`)
        gap += words
        continue
      }
      const words = wordsOfPart(part, source)
      if (words.length === 0) {
        gap += 1
        continue
      }
      places.push({ words, gap: places.length === 0 ? 0 : gap })
      gap = 0
    }
    if (places.length === 0 || gap !== 0) throw new Error(`incomplete phrase: ${source}`)
    return places
  }
}

function wordsOf(part: string, source: string, classes: Readonly<Record<string, string>>): string[] {
  if (part.startsWith('<')) {
    const members = classes[part.slice(1, -1)]
    if (members === undefined) throw new Error(`unknown class ${part} in phrase: ${source}`)
    return members.split(' ').flatMap((member) => wordsOf(member, source, classes))
  }
  if (part.startsWith('(')) {
    if (!part.endsWith(')')) throw new Error(`bracket around more than one word in phrase: ${source}`)
    return part
      .slice(1, -1)
      .split('|')
      .flatMap((member) => wordsOf(member, source, classes))
  }
  if (part.endsWith('~')) return inflect(part.slice(0, -1))
  if (!/^[a-z0-9]+$/.test(part)) throw new Error(`bad word "${part}" in phrase: ${source}`)
  return [part]
}
