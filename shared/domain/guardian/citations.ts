import type { Citation } from '../claims/types.ts'
import { deceives } from './hidden-characters.ts'
import type { FindingCode, Source } from './types.ts'

/** One claim needs no more; a longer quote would support anything that is said somewhere in it. */
export const maximumQuoteCharacters = 1200

/**
 * Whether a quote stands in a document at exactly the place that the citation names, whole words and characters, and its
 * evidence, when it names one, within it.
 * @returns what is wrong, or null
 */
export function citationFault(citation: Citation, source: Source): FindingCode | null {
  const { start, end, quote, evidence_id } = citation
  const { text } = source
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > text.length || start >= end) {
    return 'quote_not_at_offset'
  }
  if (end - start !== quote.length || text.slice(start, end) !== quote) return 'quote_not_at_offset'
  if (quote.length > maximumQuoteCharacters) return 'quote_too_long'
  if (!/[\p{L}\p{N}]/u.test(quote)) return 'quote_empty'
  if (deceives(quote)) return 'quote_hides_text'
  const evidence = evidence_id === null ? undefined : source.evidence.get(evidence_id)
  if (evidence_id !== null && (evidence === undefined || evidence.start < start || evidence.end > end)) {
    return 'evidence_mismatch'
  }
  // Flattened tables glue words together: what the evidence itself is may stand between letters.
  const isEvidence = evidence?.start === start && evidence.end === end
  if (cutsCharacter(text, start) || cutsCharacter(text, end)) return 'quote_cut'
  if (!isEvidence && (cutsWord(text, start) || cutsWord(text, end))) return 'quote_cut'
  return null
}

/** Whether an offset lies between the halves of a surrogate pair, or between a letter and what stands on it. */
function cutsCharacter(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false
  return /[\ud800-\udbff][\udc00-\udfff]|.[\p{M}\u200d]/su.test(text.slice(at - 1, at + 1)) && !/\s/.test(text[at - 1]!)
}

function cutsWord(text: string, at: number): boolean {
  return at > 0 && at < text.length && /[\p{L}\p{N}_]/u.test(text[at - 1]!) && /[\p{L}\p{N}_]/u.test(text[at]!)
}

/** Whether two quotes of one document overlap without one containing the other. */
export function crosses(a: Citation, b: Citation): boolean {
  if (a.document_id !== b.document_id || a.start >= b.end || b.start >= a.end) return false
  return (a.start < b.start && a.end < b.end) || (b.start < a.start && b.end < a.end)
}
