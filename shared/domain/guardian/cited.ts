import type { Citation } from '../claims/types.ts'
import { extractIntelligence } from '../extraction/extract.ts'
import type { Extraction } from '../extraction/types.ts'
import { withoutMarkup } from './links.ts'
import { type Span, sentencesAt } from './sentences.ts'
import type { Source } from './types.ts'
import { doubts, isNegation, normalise, type Token, tokenise } from './words.ts'

/** Something that a sentence names. */
export interface Named {
  /** ATT&CK or CVE id, or the canonical value of an indicator. */
  id: string
  kind: 'technique' | 'actor' | 'software' | 'vulnerability' | 'indicator'
  /** Its catalogue name, or its value. */
  name: string
  /** Normalised, in small letters, as the sentence writes it. */
  written: string
  /** An e-mail address that no warning list and no context takes for somebody's own. */
  isEmail: boolean
}

/** One sentence that a claim cites, read as the Guardian compares it. */
export interface CitedSentence extends Span {
  documentId: string
  title: string
  tokens: Token[]
  /** Its words without marks, each followed by a space. */
  words: string
  named: readonly Named[]
  /** What stands beside it takes it back ("No evidence was found of:", "This is false."). */
  takenBack: 'negation' | 'certainty' | null
}

/** One quote touches no more: a list that is quoted whole supports everything and nothing. */
const maximumSentences = 20
/** Beyond this a text is read sentence by sentence. */
const maximumExtractedCharacters = 4_000_000

/** Reads sentences of sources, each once. */
export class CitedTexts {
  readonly #found = new Map<Source, readonly (Named & Span)[]>()
  readonly #read = new Map<string, CitedSentence>()

  /** The sentences that a citation touches; null when their edges can't be told. */
  sentences(citation: Citation, source: Source): CitedSentence[] | null {
    const spans = sentencesAt(source.text, citation.start, citation.end)
    if (spans === null || spans.length > maximumSentences) return null
    return spans.map((span) => this.#sentence(citation.document_id, source, span))
  }

  #sentence(documentId: string, source: Source, span: Span): CitedSentence {
    const key = `${documentId} ${span.start} ${span.end}`
    let sentence = this.#read.get(key)
    if (sentence === undefined) {
      const tokens = tokenise(normalise(withoutMarkup(source.text.slice(span.start, span.end))))
      sentence = {
        ...span,
        documentId,
        title: source.title,
        tokens,
        words: wordsOf(tokens),
        named: this.#named(source, span),
        takenBack: takenBack(source.text, span),
      }
      this.#read.set(key, sentence)
    }
    return sentence
  }

  #named(source: Source, span: Span): Named[] {
    if (source.text.length > maximumExtractedCharacters) {
      return allNamed(source.text.slice(span.start, span.end))
    }
    let found = this.#found.get(source)
    if (found === undefined) {
      found = allNamed(source.text)
      this.#found.set(source, found)
    }
    const named: Named[] = []
    for (let at = firstFrom(found, span.start); at < found.length && found[at]!.start < span.end; at++) {
      if (found[at]!.end <= span.end) named.push(found[at]!)
    }
    return named
  }
}

/** All words of tokens without marks, each followed by a space. */
export function wordsOf(tokens: readonly Token[]): string {
  let words = ''
  for (const { word, mark } of tokens) if (!mark) words += `${word} `
  return words
}

/** What our own extraction finds in a text, in order of start. */
export function allNamed(text: string): (Named & Span)[] {
  const found: Extraction = extractIntelligence({ text, pages: [], title: null })
  const written = ({ start, end }: Span) => normalise(text.slice(start, end)).toLowerCase()
  const lists = [
    ['technique', found.techniques],
    ['actor', found.actors],
    ['software', found.software],
    ['vulnerability', found.vulnerabilities],
  ] as const
  // CVE ids are among the vulnerabilities as well.
  const indicators = found.indicators.filter(({ type }) => type !== 'cve')
  const all: (Named & Span)[] = indicators.map((mention) => ({
    id: mention.value,
    kind: 'indicator',
    name: mention.value,
    written: written(mention),
    isEmail: mention.type === 'email' && mention.suppressed === null,
    start: mention.start,
    end: mention.end,
  }))
  for (const [kind, mentions] of lists) {
    for (const mention of mentions) {
      const { id, name, start, end } = mention
      all.push({ id, kind, name, written: written(mention), isEmail: false, start, end })
    }
  }
  return all.sort((a, b) => a.start - b.start)
}

function firstFrom(sorted: readonly Span[], start: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]!.start < start) low = middle + 1
    else high = middle
  }
  return low
}

const retraction =
  /^\s*(?:however,? |but )?(?:this|that|the (?:claim|report|statement|assertion|attribution|story|rumou?r)|it)\b[^.!?\n]{0,80}\b(?:false|wrong|incorrect|untrue|retracted|hoax|disproved|disproven|debunked|denied|inaccurate|mistaken|not true|not the case|fabricated|withdrawn)\b/i

function takenBack(text: string, { start, end }: Span): CitedSentence['takenBack'] {
  if (retraction.test(text.slice(end, end + 200))) return 'certainty'
  // The line that introduces a list says what its lines are.
  const before = text.slice(Math.max(0, start - 2000), start).trimEnd()
  const lines = before.split('\n')
  let at = lines.length - 1
  while (at > 0 && (/^\s*(?:[-*•·–]|\d{1,3}[.)])\s/.test(lines[at]!) || lines[at]!.trim() === '')) at--
  const lead = lines[at]!.trimEnd()
  if (!lead.endsWith(':')) return null
  const words = tokenise(normalise(lead.slice(-300).replace(/^.*[.!?]\s/s, '')))
  if (words.some(isNegation)) return 'negation'
  return words.some(({ word }) => doubts.has(word)) ? 'certainty' : null
}
