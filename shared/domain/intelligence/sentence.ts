/** The most that is shown on either side of a mention. */
const reachCharacters = 300

/**
 * The sentence around a mention, for people: from the end of the sentence or line before it to the end of its own,
 * white space folded. Rows of lists and tables stand alone; the lines of a paragraph are joined.
 * @param start offset of the mention
 * @param end offset behind the mention
 */
export function sentenceAround(text: string, start: number, end: number): string {
  const span = sentenceSpan(text, start, end)
  return text.slice(span.start, span.end).replace(/\s+/g, ' ')
}

/** Where the sentence around a mention begins and ends, without the white space at its edges. */
export function sentenceSpan(text: string, start: number, end: number): { start: number; end: number } {
  const [from, to] = [sentenceStart(text, start), sentenceEnd(text, end)]
  const sentence = text.slice(from, to)
  return { start: from + (sentence.length - sentence.trimStart().length), end: from + sentence.trimEnd().length }
}

function sentenceStart(text: string, start: number): number {
  const limit = Math.max(0, start - reachCharacters)
  for (let at = start; at > limit; at--) {
    if (endsSentence(text, at - 1) || isBlockEnd(text, at - 1)) return at
  }
  return wordEdge(text, limit, start)
}

function sentenceEnd(text: string, end: number): number {
  const limit = Math.min(text.length, end + reachCharacters)
  for (let at = end; at < limit; at++) {
    if (isBlockEnd(text, at)) return at
    if (endsSentence(text, at)) return at + 1
  }
  return limit
}

/** A full stop, question or exclamation mark before white space and not after an initial or a number. */
export function endsSentence(text: string, at: number): boolean {
  const mark = text[at]
  if (mark !== '.' && mark !== '!' && mark !== '?') return false
  const next = text[at + 1]
  if (next !== undefined && !/\s/.test(next)) return false
  return (
    mark !== '.' ||
    !/(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|etc|vs|cf|No|Fig|Inc|Ltd|Corp)$/.test(text.slice(Math.max(0, at - 5), at))
  )
}

/** A line end that ends a block: an empty line follows, or the line was too short to have been wrapped. */
export function isBlockEnd(text: string, at: number): boolean {
  if (text[at] !== '\n') return false
  return text[at + 1] === '\n' || at < 60 || text.slice(at - 60, at).includes('\n')
}

/** Where the cut is arbitrary, start with a whole word. */
function wordEdge(text: string, limit: number, start: number): number {
  if (limit === 0) return 0
  const space = text.indexOf(' ', limit)
  return space === -1 || space >= start ? limit : space + 1
}
