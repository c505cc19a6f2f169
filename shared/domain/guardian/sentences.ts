import { endsSentence, isBlockEnd } from '../intelligence/sentence.ts'

export interface Span {
  start: number
  end: number
}

/** Further than this the edge of a sentence is not looked for. */
const reachCharacters = 1500
/** After these words, and after a comma, a sentence goes on in the next line, however short its own is. */
const goesOn =
  /(?:^|\s)(?:that|of|the|an?|and|or|not|no|to|by|with|in|on|for|from|as|at|is|was|were|are|be|been|has|have|had|which|who|did|does|do|never|without|than)[ \t]*$|,[ \t]*$/i

/**
 * The whole sentences of a text that a span touches, in order. Rows of lists and tables stand alone; a line that plainly
 * goes on in the next one does not end its sentence. Texts for people are cut less carefully (`sentenceAround`): here a
 * "no" that was cut off would turn a sentence round.
 * @returns null when the edge of a sentence is not to be found within 1,500 characters of the span
 */
export function sentencesAt(text: string, start: number, end: number): Span[] | null {
  const lowest = Math.max(0, start - reachCharacters)
  const highest = Math.min(text.length, end + reachCharacters)
  let from = start
  while (from > lowest && !endsAt(text, from - 1)) from--
  if (from === lowest && lowest > 0) return null
  const sentences: Span[] = []
  let at = from
  for (; at < highest; at++) {
    if (!endsAt(text, at)) continue
    if (at >= start) sentences.push({ start: from, end: at + 1 })
    from = at + 1
    if (at + 1 >= end) return sentences
  }
  if (at < text.length) return null
  if (from < at) sentences.push({ start: from, end: at })
  return sentences
}

/** All sentences of a short text, e.g. a claim. */
export function sentencesIn(text: string): Span[] {
  const sentences: Span[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (!endsAt(text, at)) continue
    sentences.push({ start: from, end: at + 1 })
    from = at + 1
  }
  if (from < text.length) sentences.push({ start: from, end: text.length })
  return sentences.filter(({ start, end }) => text.slice(start, end).trim() !== '')
}

/** Whether a sentence ends with the character at an offset. */
function endsAt(text: string, at: number): boolean {
  const mark = text[at]
  if (mark === '\n') return isBlockEnd(text, at) && !lineGoesOn(text, at)
  if (mark !== '.' && mark !== '!' && mark !== '?') return false
  if (!endsSentence(text, at)) return false
  // "U.S. Government", "approx. five".
  if (mark === '.' && text[at - 2] === '.' && /[A-Za-z]/.test(text[at - 1] ?? '')) return false
  return !/^\s{1,3}[a-z]/.test(text.slice(at + 1, at + 5))
}

function lineGoesOn(text: string, at: number): boolean {
  if (text[at + 1] === '\n' || text[at - 1] === '\n') return false
  const before = text.slice(Math.max(0, at - 24), at)
  if (goesOn.test(before)) return true
  // Prose on both sides; names of hosts and files in a list are none.
  return /(?:^|\s)[A-Za-z]+[ \t]*$/.test(before) && /^[ \t]*[a-z]+,? +[A-Za-z]/.test(text.slice(at + 1, at + 40))
}
