import type { BrandRules, FindingCode } from './types.ts'
import { normalise, tokenise } from './words.ts'

const rules: Readonly<Record<BrandRules['wordForWord'][number], RegExp>> = {
  superlatives:
    /\b(?:best|greatest|fastest|safest|strongest|smartest|cheapest|easiest|lowest|highest|largest|biggest|most [a-z-]+|number one|no\. ?1|top-rated|leading|market[- ]leader|world[- ]class|unrivall?ed|unmatched|unparallell?ed|unbeatable|ultimate|perfect|the only|first ever|revolutionary|industry[- ]leading|best[- ]in[- ]class|state[- ]of[- ]the[- ]art)\b|#1\b/gi,
  guarantees:
    /\b(?:guarantee[ds]?|guaranteed|guaranteeing|promise[ds]?|warrant(?:s|ed|y)?|always|never|risk[- ]free|zero[- ]risk|fool[- ]?proof|fail[- ]?safe|bullet[- ]?proof|unhackable|unbreakable|impenetrable|completely (?:secure|safe)|total(?:ly)? (?:secure|safe|protection)|money[- ]back|no risk|certified|compliant)\b|\b100 ?(?:%|percent)/gi,
  comparisons:
    /\b(?:better|faster|safer|cheaper|stronger|smarter|easier|higher|lower|fewer|more|less) (?:[a-z-]+ ){0,2}than\b|\b(?:unlike|compared (?:to|with)|versus|vs\.?|outperforms?|beats?|superior to|ahead of)\b|\b\d+(?:\.\d+)? ?(?:x|times|%) (?:[a-z-]+ )?(?:faster|better|more|less|fewer|cheaper|safer)\b/gi,
}

export interface BrandFault {
  code: FindingCode
  what: string
}

/**
 * What of a text is against the brand's rules.
 *
 * @param quotes what the text cites; a promise, superlative or comparison has to stand in one of them word for word
 */
export function brandFaults(text: string, quotes: readonly string[], brand: BrandRules): BrandFault[] {
  const faults: BrandFault[] = []
  const plain = normalise(text)
  const lower = ` ${wordsOf(plain)} `
  for (const banned of brand.bannedWords) {
    const words = wordsOf(normalise(banned))
    if (words !== '' && lower.includes(` ${words} `)) faults.push({ code: 'brand_word', what: banned })
  }
  const cited = quotes.map((quote) => normalise(quote).toLowerCase())
  for (const rule of brand.wordForWord) {
    for (const [match] of plain.matchAll(rules[rule])) {
      const words = match.toLowerCase()
      if (!cited.some((quote) => quote.includes(words))) faults.push({ code: 'claim_rule', what: match })
    }
  }
  const tone = toneFault(plain, brand.tone)
  if (tone !== null) faults.push({ code: 'brand_tone', what: tone })
  return faults
}

function toneFault(text: string, tone: BrandRules['tone']): string | null {
  if (!tone.exclamationMarks && text.includes('!')) return 'exclamation mark'
  if (!tone.capitals) {
    const shouted = text.match(/\b\p{Lu}{7,}\b/u)
    if (shouted !== null) return shouted[0]
  }
  if (tone.maximumSentenceWords !== null) {
    for (const sentence of text.split(/[.!?](?:\s|$)/)) {
      if (tokenise(sentence).filter(({ mark }) => !mark).length > tone.maximumSentenceWords) return 'sentence too long'
    }
  }
  return null
}

/** Required phrases that none of the texts contains. */
export function missingPhrases(texts: readonly string[], brand: BrandRules): string[] {
  const all = texts.map((text) => ` ${wordsOf(normalise(text))} `)
  return brand.requiredPhrases.filter((phrase) => {
    const words = wordsOf(normalise(phrase))
    return !all.some((text) => text.includes(` ${words} `))
  })
}

/** Whether people approved a text word for word, so that it may stand without a citation. */
export function isApproved(text: string, brand: BrandRules | undefined): boolean {
  if (brand === undefined) return false
  const plain = normalise(text)
  return [...brand.requiredPhrases, ...brand.approvedPhrases].some((phrase) => normalise(phrase) === plain)
}

function wordsOf(text: string): string {
  return tokenise(text)
    .filter(({ mark }) => !mark)
    .map(({ word }) => word)
    .join(' ')
}
