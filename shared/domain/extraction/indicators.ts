import type { Candidate } from './scan.ts'
import { scanText } from './scanner.ts'
import { weigh } from './suppress.ts'
import type { IndicatorMention, PageSpan } from './types.ts'

/**
 * Finds every indicator in a text.
 *
 * Overlap: a mention never straddles another, but one can contain others. A URL contains its host (domain, ipv4, ipv6,
 * onion, i2p) and the hashes and CVE ids in its path; an e-mail address contains its domain; an address with a port
 * contains the address. A network with a prefix length contains nothing. Everything else is reported once.
 *
 * @param text any text
 * @param options pages of the document, whose running heads and feet tell its publisher
 * @returns mentions in order of `start`, the longer first; `page` is null (see `extractIntelligence`)
 */
export function findIndicators(text: string, options: { pages?: readonly PageSpan[] } = {}): IndicatorMention[] {
  const candidates = scanText(text)
  sortByStart(candidates)
  weigh(text, candidates, options.pages ?? [])
  const mentions: IndicatorMention[] = []
  let previous: Candidate | null = null
  for (const candidate of candidates) {
    if (previous !== null && isSame(previous, candidate)) continue
    previous = candidate
    mentions.push({
      type: candidate.type,
      value: candidate.value,
      start: candidate.start,
      end: candidate.end,
      page: null,
      defanged: candidate.defanged,
      suppressed: candidate.suppressed,
    })
  }
  return mentions
}

function isSame(a: Candidate, b: Candidate): boolean {
  return a.type === b.type && a.start === b.start && a.end === b.end
}

/** The scanner's order is by start but for lists that a heading introduces; only then there is something to sort. */
function sortByStart(candidates: Candidate[]): void {
  for (let i = 1; i < candidates.length; i++) {
    if (compare(candidates[i - 1]!, candidates[i]!) > 0) {
      candidates.sort(compare)
      return
    }
  }
}

function compare(a: Candidate, b: Candidate): number {
  return a.start - b.start || b.end - a.end
}
