import { inflect } from './inflect.ts'

/** One place of a phrase: any of these words, at most `gap` other words after the place before it. */
export interface PhrasePlace {
  words: string[]
  gap: number
}

/**
 * Reads one phrase of the table.
 *
 * Words stand for themselves and must be neighbours. `word~` also takes the word's inflections, `(a|b~)` takes any of
 * several, `<name>` any word of a named class, and `..3` lets up to three other words stand in between.
 *
 * @param source the phrase, e.g. `(creat~|register~) ..3 scheduled task~`
 * @param classes the named classes, each a list of words in the same notation
 * @throws Error when the phrase names an unknown class or is empty
 */
export function parsePhrase(source: string, classes: Readonly<Record<string, string>>): PhrasePlace[] {
  const places: PhrasePlace[] = []
  let gap = 0
  for (const part of source.split(' ')) {
    if (part.startsWith('..')) {
      gap = Number(part.slice(2))
      if (!Number.isInteger(gap) || gap < 1) throw new Error(`bad gap in phrase: ${source}`)
      continue
    }
    places.push({ words: [...new Set(wordsOf(part, source, classes))], gap })
    gap = 0
  }
  if (places.length === 0 || gap !== 0) throw new Error(`incomplete phrase: ${source}`)
  return places
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
